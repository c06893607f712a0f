//! `GET /`: what this server is, for whoever opens it in a browser.

use crate::behaviour::vocabulary;

/// The page, as plain text.
pub(crate) async fn page() -> String {
    let mut page = String::from(
        "A stand-in for a Sora-compatible upstream. It generates nothing: every result is one of six short clips.\n\n\
         POST /v1/chat/completions   submit; the answer is a stream\n\
         POST /v1/videos             the other dialect: an order, to be asked for at /v1/videos/{id}\n\
         GET  /v1/models             the models, by name\n\
         GET  /media/{id}.mp4        a result\n\
         GET  /sim/stats             requests, submissions, downloads; ?prompt= for one prompt\n\
         POST /sim/reset             zero them\n\n\
         A tag in the prompt says how a request goes: [sim:cut@60%], [sim:pace=50,refuse@40%].\n\
         FORM*N holds for the first N requests of a prompt: [sim:http-503*2].\n\n",
    );
    for word in vocabulary() {
        page.push_str(&format!("{:<31}{}\n", word.form, word.meaning));
    }
    page
}
