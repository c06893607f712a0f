//! As much of Markdown as the checks need: headings, links, inline code, and fenced code blocks.

use std::sync::LazyLock;

use regex::Regex;

static HEADING: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^(#+) (.*)$"));
static LINK: LazyLock<Regex> = LazyLock::new(|| regex(r#"\]\(([^)\s]+)\)|<img src="([^"]+)""#));
static CODE: LazyLock<Regex> = LazyLock::new(|| regex(r"`([^`]+)`"));

/// A parsed document.
#[derive(Debug, Default)]
pub(super) struct Markdown {
    /// The text outside of fenced code blocks.
    prose: String,
    /// The fenced code blocks.
    pub(super) blocks: Vec<Block>,
}

/// A fenced code block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// What follows the opening fence, such as `bash`.
    pub(super) language: String,
    /// The lines in between.
    pub(super) code: String,
}

impl Markdown {
    /// Splits a text into prose and code blocks. A block ends at a fence with the indentation of its first one.
    pub(super) fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        let mut open: Option<(String, Block)> = None;
        for line in text.lines() {
            match &mut open {
                Some((fence, block)) if line == fence => {
                    parsed.blocks.push(std::mem::take(block));
                    open = None;
                }
                Some((_, block)) => block.code += &format!("{line}\n"),
                None => match line.split_once("```") {
                    Some((indentation, language)) if indentation.trim().is_empty() => {
                        let block = Block { language: language.to_owned(), code: String::new() };
                        open = Some((format!("{indentation}```"), block));
                    }
                    _ => parsed.prose += &format!("{line}\n"),
                },
            }
        }
        parsed
    }

    /// Level and title of each heading.
    pub(super) fn headings(&self) -> impl Iterator<Item = (usize, &str)> {
        HEADING.captures_iter(&self.prose).map(|found| {
            let [level, title] = found.extract::<2>().1;
            (level.len(), title)
        })
    }

    /// Targets of links and images.
    pub(super) fn links(&self) -> impl Iterator<Item = &str> {
        let target = |found: regex::Captures<'_>| found.get(1).or_else(|| found.get(2)).map(|target| target.range());
        LINK.captures_iter(&self.prose).filter_map(target).map(|range| &self.prose[range])
    }

    /// Inline code.
    pub(super) fn code_spans(&self) -> impl Iterator<Item = &str> {
        CODE.captures_iter(&self.prose).map(|found| found.extract::<1>().1[0])
    }
}

/// The anchor that GitHub gives to a heading.
pub(super) fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '_' | '-'));
    kept.flat_map(char::to_lowercase).collect::<String>().replace(' ', "-")
}

/// Compiles a constant pattern.
#[expect(clippy::expect_used, reason = "the patterns are constants, which the tests use")]
pub(super) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nSee [a](b.md#c), `code` and <img src=\"d.png\">.\n\n```bash\nmake [x](y)\n# no heading\n\
                        ```\n\n1. List\n   ```\n   # neither\n   ```\n\n## Second, 标题\n";

    #[test]
    fn separates_prose_from_code_blocks() {
        let parsed = Markdown::parse(TEXT);
        assert_eq!(parsed.headings().collect::<Vec<_>>(), [(1, "Title"), (2, "Second, 标题")]);
        assert_eq!(parsed.links().collect::<Vec<_>>(), ["b.md#c", "d.png"]);
        assert_eq!(parsed.code_spans().collect::<Vec<_>>(), ["code"]);
        let bash = Block { language: "bash".into(), code: "make [x](y)\n# no heading\n".into() };
        let plain = Block { language: String::new(), code: "   # neither\n".into() };
        assert_eq!(parsed.blocks, [bash, plain]);
    }

    #[test]
    fn makes_the_anchors_of_headings() {
        assert_eq!(anchor("One machine, with `PM2`"), "one-machine-with-pm2");
        assert_eq!(anchor("第二 Part_1"), "第二-part_1");
    }
}
