//! The command lines of `ffmpeg` and `ffprobe`, and the output of the latter.

use std::path::Path;

use entity::video::MediaInfo;
use serde_json::Value;

/// Longest side of a poster, in pixels.
const MAX_POSTER_SIDE: u32 = 1280;

/// Pictures in a row and in a column of a spritesheet.
const SHEET_TILES: (u32, u32) = (5, 4);

/// Longest side of a picture of a spritesheet, in pixels.
const SHEET_PICTURE_SIDE: u32 = 320;

/// The demuxer for a content type, so that the file itself cannot choose one.
pub(super) fn demuxer(content_type: &str) -> Option<&'static str> {
    match content_type {
        "video/mp4" | "video/quicktime" => Some("mov"),
        "video/webm" => Some("matroska"),
        _ => None,
    }
}

/// The arguments of `ffprobe` for a video's size, rotation and length.
pub(super) fn probe_arguments(demuxer: &str, file: &Path) -> Vec<String> {
    let entries = "stream=width,height:stream_side_data=rotation:format=duration";
    let mut arguments = split("-v error -protocol_whitelist file -f");
    arguments.push(demuxer.to_owned());
    arguments.extend(split("-select_streams v:0 -of json -show_entries"));
    arguments.extend([entries.to_owned(), "-i".to_owned(), format!("file:{}", file.display())]);
    arguments
}

/// The arguments of `ffmpeg` for one JPEG frame, `at` milliseconds from the start.
pub(super) fn still_arguments(demuxer: &str, file: &Path, at: i64) -> Vec<String> {
    let scale =
        format!("scale='min({MAX_POSTER_SIDE},iw)':'min({MAX_POSTER_SIDE},ih)':force_original_aspect_ratio=decrease");
    let mut arguments = split("-nostdin -v error -threads 1 -protocol_whitelist file -f");
    arguments.extend([demuxer.to_owned(), "-ss".to_owned(), format!("{at}ms"), "-i".to_owned()]);
    arguments.push(format!("file:{}", file.display()));
    arguments.extend(split("-map 0:v:0 -frames:v 1 -map_metadata -1 -vf"));
    arguments.push(scale);
    arguments.extend(split("-c:v mjpeg -q:v 4 -f image2pipe pipe:1"));
    arguments
}

/// The arguments of `ffmpeg` for one JPEG with pictures at equal distances over a video of this length.
pub(super) fn sheet_arguments(demuxer: &str, file: &Path, duration_ms: i64) -> Vec<String> {
    let (columns, rows) = SHEET_TILES;
    let filter = format!(
        "fps={}/{duration_ms},scale={SHEET_PICTURE_SIDE}:{SHEET_PICTURE_SIDE}:force_original_aspect_ratio=decrease,\
         tile={columns}x{rows}",
        columns * rows * 1_000
    );
    let mut arguments = split("-nostdin -v error -threads 1 -protocol_whitelist file -f");
    arguments.extend([demuxer.to_owned(), "-i".to_owned(), format!("file:{}", file.display())]);
    arguments.extend(split("-map 0:v:0 -frames:v 1 -map_metadata -1 -vf"));
    arguments.push(filter);
    arguments.extend(split("-c:v mjpeg -q:v 4 -f image2pipe pipe:1"));
    arguments
}

/// The arguments of `ffmpeg` for joining the local files of an HLS playlist to one MP4, without re-encoding them.
pub(super) fn join_arguments(video: &Path, audio: Option<&Path>, joined: &Path) -> Vec<String> {
    let mut arguments = split("-nostdin -v error -y");
    for playlist in [Some(video), audio].into_iter().flatten() {
        arguments.extend(split("-protocol_whitelist file,crypto -allowed_extensions ALL -f hls -i"));
        arguments.push(format!("file:{}", playlist.display()));
    }
    let sound = if audio.is_some() { "1:a:0?" } else { "0:a:0?" };
    arguments.extend(split("-map 0:v:0 -map"));
    arguments.push(sound.to_owned());
    arguments.extend(split("-map_metadata -1 -c copy -movflags +faststart -f mp4"));
    arguments.push(format!("file:{}", joined.display()));
    arguments
}

fn split(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}

/// Reads size as played and length from the output of `ffprobe`.
pub(super) fn parse_probe(output: &[u8]) -> Option<MediaInfo> {
    let output: Value = serde_json::from_slice(output).ok()?;
    let stream = &output["streams"][0];
    let side = |name: &str| stream[name].as_i64().and_then(|side| i32::try_from(side).ok()).filter(|side| *side > 0);
    let rotation = stream["side_data_list"].as_array().into_iter().flatten().find_map(|data| data["rotation"].as_i64());
    let (width, height) = match rotation.map(|degrees| degrees.rem_euclid(180)) {
        Some(90) => (side("height"), side("width")),
        _ => (side("width"), side("height")),
    };
    let seconds = output["format"]["duration"].as_str().and_then(|seconds| seconds.parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the filter rejects what is out of range")]
    let duration_ms = seconds.map(|seconds| (seconds * 1_000.0) as i64).filter(|ms| (1..86_400_000).contains(ms));
    Some(MediaInfo { poster_path: None, width, height, duration_ms })
}

/// Whether the output of `ffprobe` says that there is no video stream.
pub(super) fn has_no_video_stream(output: &[u8]) -> bool {
    let output: Value = serde_json::from_slice(output).unwrap_or_default();
    output["streams"].as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_and_length_as_played() {
        let output = br#"{"streams":[{"width":1280,"height":720,"side_data_list":[{"rotation":-90}]}],"format":{"duration":"5.040000"}}"#;
        let info = parse_probe(output).unwrap();
        assert_eq!((info.width, info.height, info.duration_ms), (Some(720), Some(1280), Some(5_040)));
        let plain = parse_probe(br#"{"streams":[{"width":640,"height":360}],"format":{}}"#).unwrap();
        assert_eq!((plain.width, plain.height, plain.duration_ms), (Some(640), Some(360), None));
        let nonsense = parse_probe(br#"{"streams":[],"format":{"duration":"1e300"}}"#).unwrap();
        assert_eq!(nonsense, MediaInfo::default());
        assert_eq!(parse_probe(b""), None);
    }

    #[test]
    fn only_a_readable_file_without_a_video_stream_is_no_video() {
        assert!(has_no_video_stream(br#"{"programs":[],"streams":[],"format":{"duration":"5"}}"#));
        for output in [&br#"{"streams":[{"width":640}]}"#[..], b"{}", b"", b"not JSON"] {
            assert!(!has_no_video_stream(output));
        }
    }
}
