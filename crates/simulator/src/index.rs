//! `GET /`: a summary of the simulator, as plain text.

use crate::behaviour::definitions;

/// The page.
pub(crate) async fn page() -> String {
    let mut page = String::from(
        "A simulated Sora-compatible upstream. It generates nothing: every result is one of six short clips.\n\n\
         POST /v1/chat/completions   submit a prompt; the response is a stream\n\
         POST /v1/videos             submit a prompt in the other dialect; poll /v1/videos/{id}\n\
         GET  /v1/models             list the models\n\
         GET  /media/{id}.mp4        download a result\n\
         GET  /sim/stats             counts of requests, submissions, downloads; ?prompt= for one prompt\n\
         POST /sim/reset             zero the counts\n\n\
         A tag in the prompt selects a behaviour: [sim:cut@60%], [sim:pace=50,refuse@40%].\n\
         FORM*N applies to the first N requests with a prompt: [sim:http-503*2].\n\n",
    );
    for definition in definitions() {
        page.push_str(&format!("{:<31}{}\n", definition.form, definition.summary));
    }
    page
}
