//! Closed-loop load with `wrk`: each connection sends its next request when the last one is answered.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::process::Command;
use uuid::Uuid;

/// What every connection sends.
pub(crate) struct Load<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// The paths, one after the other.
    pub(crate) paths: &'a [String],
    /// The headers.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// A header with a different value in each request.
    pub(crate) unique_header: Option<&'a str>,
    /// The body.
    pub(crate) body: Option<&'a str>,
}

/// What `wrk` measured.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Measured {
    /// Responses.
    pub(crate) requests: u64,
    /// Responses with a status of 400 or more, and connections that failed.
    pub(crate) errors: u64,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
    /// Median time to a response, in milliseconds.
    pub(crate) p50: f64,
    /// 99th percentile of the time to a response, in milliseconds.
    pub(crate) p99: f64,
}

impl Load<'_> {
    /// Sends the load over `connections` for `duration`.
    pub(crate) async fn run(
        &self,
        folder: &Path,
        port: u16,
        connections: usize,
        duration: Duration,
    ) -> anyhow::Result<Measured> {
        let script = folder.join("load.lua");
        std::fs::write(&script, self.script())?;
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{}s", duration.as_secs()), "--script"])
            .arg(&script)
            .arg(format!("http://127.0.0.1:{port}"))
            .output()
            .await
            .context("wrk could not be started; install it with: apt-get install wrk")?;
        parse(&String::from_utf8_lossy(&output.stdout))
    }

    fn script(&self) -> String {
        let mut headers = String::new();
        for (name, value) in self.headers {
            headers += &format!("[{}]={},", quoted(name), quoted(value));
        }
        let paths: Vec<String> = self.paths.iter().map(|path| quoted(path)).collect();
        let (method, paths) = (quoted(self.method), paths.join(","));
        let body = self.body.map_or("nil".to_owned(), quoted);
        let unique = self.unique_header.map(|name| {
            format!("headers[{}] = {} .. '-' .. number\n", quoted(name), quoted(&Uuid::new_v4().to_string()))
        });
        let unique = unique.unwrap_or_default();
        format!(
            "local number = 0\n\
             local method, headers, body, paths, next = {method}, {{{headers}}}, {body}, {{{paths}}}, 0\n\
             function request()\n\
             next, number = next % #paths + 1, number + 1\n\
             {unique}\
             return wrk.format(method, paths[next], headers, body)\n\
             end\n\
             function done(summary, latency)\n\
             local e = summary.errors\n\
             io.write(string.format('\\nMEASURED {{\"requests\":%d,\"errors\":%d,\"seconds\":%f,\"p50\":%f,\"p99\":%f}}\\n', \
             summary.requests, e.status + e.connect + e.read + e.write + e.timeout, summary.duration / 1e6, \
             latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))\n\
             end\n"
        )
    }
}

fn parse(output: &str) -> anyhow::Result<Measured> {
    let line = output.lines().find_map(|line| line.strip_prefix("MEASURED "));
    Ok(serde_json::from_str(line.with_context(|| format!("wrk printed no figures: {output}"))?)?)
}

/// A Lua string: JSON's escapes, which Lua knows as well for the printable ASCII in use here.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_figures_among_other_lines() {
        let output =
            "Running 1s test\n\nMEASURED {\"requests\":7,\"errors\":1,\"seconds\":1.5,\"p50\":0.25,\"p99\":2}\n";
        let measured = Measured { requests: 7, errors: 1, seconds: 1.5, p50: 0.25, p99: 2.0 };
        assert_eq!(parse(output).unwrap(), measured);
        assert!(parse("unable to connect").is_err());
    }
}
