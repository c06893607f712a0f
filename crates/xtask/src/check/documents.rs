//! Links lead to existing files and headings, named source files exist, and every `make` command in the documents is a
//! target of the Makefile.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::Context as _;
use regex::Regex;

use super::markdown::{Markdown, anchor, regex};
use super::read;

static MAKE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?m)(?:^|&& )(?: *\$ )?(?:\S+=\S+ )*make (?:--silent )?([a-z0-9-]+)"));
static TARGET: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^([a-z0-9-]+):"));
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?:crates|docs|e2e|entity|frontend|gateway|k8s|migration|processor|scripts)/[\w./-]+$"));
static SCHEME: LazyLock<Regex> = LazyLock::new(|| regex(r"^[a-z]+:"));

/// Paths that only exist after a build.
const BUILT: [&str; 1] = ["frontend/dist"];

/// Checks the documents in the root and in docs/.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let makefile = read("Makefile")?;
    let targets: BTreeSet<&str> = TARGET.captures_iter(&makefile).map(|found| found.extract::<1>().1[0]).collect();
    let mut violations = Vec::new();
    for path in [markdown_files(Path::new("."))?, markdown_files(Path::new("docs"))?].concat() {
        let document = Markdown::parse(&read(&path)?);
        let problems = broken_links(&path, &document).chain(missing_sources(&document));
        for problem in problems.chain(unknown_targets(&document, &targets)) {
            violations.push(format!("{}: {problem}", path.display()));
        }
    }
    Ok(violations)
}

fn markdown_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in folder.read_dir().with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && folder != Path::new(".") {
            files.extend(markdown_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path.strip_prefix(".").unwrap_or(&path).to_owned());
        }
    }
    files.sort();
    Ok(files)
}

fn broken_links(path: &Path, document: &Markdown) -> impl Iterator<Item = String> {
    document.links().filter(|link| !SCHEME.is_match(link)).filter_map(move |link| {
        let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
        let target = if file.is_empty() { path.to_owned() } else { path.with_file_name(file) };
        if !target.exists() {
            return Some(format!("{link} does not exist"));
        }
        let other = Markdown::parse(&read(&target).unwrap_or_default());
        let is_missing = |heading: &str| !other.headings().any(|(_, title)| anchor(title) == heading);
        heading.is_some_and(is_missing).then(|| format!("{link} names no heading of {}", target.display()))
    })
}

fn missing_sources(document: &Markdown) -> impl Iterator<Item = String> {
    let named = document.code_spans().filter(|name| SOURCE.is_match(name) && !BUILT.contains(name));
    named.filter(|name| !Path::new(name).exists()).map(|name| format!("{name} does not exist"))
}

fn unknown_targets(document: &Markdown, targets: &BTreeSet<&str>) -> impl Iterator<Item = String> {
    let is_shell = |language: &str| matches!(language, "" | "bash" | "cron");
    let blocks = document.blocks.iter().filter(move |block| is_shell(&block.language)).map(|block| block.code.as_str());
    let called = blocks.chain(document.code_spans()).flat_map(|code| MAKE.captures_iter(code));
    let called = called.map(|found| found.extract::<1>().1[0]);
    called.filter(|target| !targets.contains(target)).map(|target| format!("there is no target `make {target}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_links_to_missing_files_and_headings() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.md");
        std::fs::write(folder.path().join("b.md"), "# Known part\n").expect("written");
        let text = "# Here\n[1](b.md#known-part) [2](#here) [3](https://x.example/#y) [4](b.md#other) [5](c.md)\n";
        std::fs::write(&path, text).expect("written");
        let found: Vec<_> = broken_links(&path, &Markdown::parse(text)).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("b.md#other names no heading"), "{found:?}");
        assert_eq!(found[1], "c.md does not exist");
    }

    #[test]
    fn reports_named_sources_that_do_not_exist() {
        let document = Markdown::parse("`crates/none/src` `frontend/dist` `other/path` `scripts/none`\n");
        let found: Vec<_> = missing_sources(&document).collect();
        assert_eq!(found, ["crates/none/src does not exist", "scripts/none does not exist"]);
    }

    #[test]
    fn reports_unknown_make_targets_in_blocks_and_inline_code() {
        let text =
            "Run `make demo` or `PORT=1 make gone`.\n```bash\nmake test && make missing\n```\n```text\nmake it\n```\n";
        let document = Markdown::parse(text);
        let found: Vec<_> = unknown_targets(&document, &BTreeSet::from(["demo", "test"])).collect();
        assert_eq!(found, ["there is no target `make missing`", "there is no target `make gone`"]);
    }
}
