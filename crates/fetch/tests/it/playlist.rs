//! HLS: playlists and segments as local files.

use axum::Router;
use axum::routing::get;
use fetch::Error;
use url::Url;

use crate::{fetched, fetcher, serve};

const MASTER: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nhd/high.m3u8\n";
const HIGH: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SESSION-DATA:URI=\"http://127.0.0.1:1/x\"\n\
    #EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"/key\"\n\
    #EXTINF:4,\n#EXT-X-BYTERANGE:2@0\none.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:2@2\none.ts\n#EXT-X-ENDLIST\n";

async fn server() -> Url {
    let routes = Router::new()
        .route("/master.m3u8", get(|| async { MASTER }))
        .route("/hd/high.m3u8", get(|| async { HIGH }))
        .route("/hd/init.mp4", get(|| async { "init" }))
        .route("/hd/one.ts", get(|| async { "segment" }))
        .route("/key", get(|| async { "0123456789abcdef" }))
        .route("/live.m3u8", get(|| async { "#EXTM3U\n#EXTINF:4,\nhd/one.ts\n" }))
        .route("/inside.m3u8", get(|| async { "#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n" }));
    serve(routes).await
}

#[tokio::test]
async fn copies_a_playlist_with_its_segments_and_keys() {
    let server = server().await;
    let master = server.join("master.m3u8").unwrap();
    assert!(matches!(fetched(&server, "master.m3u8", 1_000).await, Err(Error::Playlist(url)) if url == master));
    let directory = tempfile::tempdir().unwrap();
    let copy = fetcher(&[&server], 1_000).playlist(&master, directory.path()).await.unwrap();
    assert_eq!(copy.audio, None);
    let expected = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"00000.m4s\"\n\
        #EXT-X-KEY:METHOD=AES-128,URI=\"00001.m4s\"\n#EXTINF:4,\n#EXT-X-BYTERANGE:2@0\n00002.m4s\n\
        #EXTINF:2,\n#EXT-X-BYTERANGE:2@2\n00002.m4s\n#EXT-X-ENDLIST\n";
    assert_eq!(std::fs::read_to_string(&copy.video).unwrap(), expected);
    assert_eq!(std::fs::read(directory.path().join("00002.m4s")).unwrap(), b"segment");
}

#[tokio::test]
async fn refuses_playlists_that_are_unfinished_private_or_too_large() {
    let (server, directory) = (server().await, tempfile::tempdir().unwrap());
    let copy = async |path: &str, max_bytes| {
        let url = server.join(path).unwrap();
        fetcher(&[&server], max_bytes).playlist(&url, directory.path()).await
    };
    assert!(matches!(copy("live.m3u8", 1_000).await, Err(Error::BadPlaylist(_))));
    assert!(matches!(copy("inside.m3u8", 1_000).await, Err(Error::Forbidden(_))));
    assert!(matches!(copy("master.m3u8", 400).await.map(drop), Ok(())));
    assert!(matches!(copy("master.m3u8", 25).await, Err(Error::TooLarge(25))));
}
