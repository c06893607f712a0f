//! temp
use bytes::Bytes;
use futures::stream;
use testkit::Bucket;
use crate::world::opened;
#[tokio::test]
async fn measure() {
    let storage = opened(&Bucket::new().await.variables());
    let hwm = || std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap().to_owned();
    println!("before {}", hwm());
    for mib in [64usize, 512] {
        let t = std::time::Instant::now();
        let content = stream::iter((0..mib * 64).map(|n| Ok::<_, std::io::Error>(Bytes::from(vec![n as u8; 16384]))));
        let stored = storage.put("videos/big.mp4", content).await.unwrap();
        println!("{} MiB in {:?}: {}", stored.size >> 20, t.elapsed(), hwm());
        let mut content = storage.get("videos/big.mp4", None).await.unwrap().bytes;
        let mut n = 0;
        while let Some(c) = futures::TryStreamExt::try_next(&mut content).await.unwrap() { n += c.len(); }
        println!("read {n}: {}", hwm());
    }
}
