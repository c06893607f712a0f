//! README.md and README.zh-CN.md have the same structure: headings, commands, links, and names in code.

use super::markdown::Markdown;
use super::read;

/// Compares the two READMEs.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let english = Markdown::parse(&read("README.md")?);
    let chinese = Markdown::parse(&read("README.zh-CN.md")?);
    Ok(differences(&english, &chinese))
}

type Feature = fn(&Markdown) -> Vec<String>;

const FEATURES: [(&str, Feature); 4] = [
    ("headings", |text| text.headings().map(|(level, _)| "#".repeat(level)).collect()),
    ("commands", |text| {
        text.blocks.iter().filter(|block| block.language == "bash").map(|block| block.code.clone()).collect()
    }),
    ("links", |text| sorted(text.links().filter(|link| !link.starts_with("README")))),
    ("names in code", |text| sorted(text.code_spans())),
];

fn sorted<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut items: Vec<_> = items.map(ToOwned::to_owned).collect();
    items.sort();
    items
}

fn differences(english: &Markdown, chinese: &Markdown) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, feature) in FEATURES {
        let (here, there) = (feature(english), feature(chinese));
        if here != there {
            let only = |these: &[String], those: &[String]| {
                let missing: Vec<_> =
                    these.iter().filter(|item| !those.contains(item)).map(|item| format!("{item:?}")).collect();
                if missing.is_empty() { "nothing".into() } else { missing.join(" ") }
            };
            let (here, there) = (only(&here, &there), only(&there, &here));
            violations.push(format!(
                "README.md and README.zh-CN.md differ in {name}: only in the first {here}, only in the second {there}"
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_each_kind_of_difference() {
        let text = "# A\n[x](y.md) [zh](README.zh-CN.md) `B` `A`\n```bash\nmake demo\n```\n";
        let same = "# 甲\n`A` `B` [y](y.md) [en](README.md)\n```bash\nmake demo\n```\n";
        let parse = Markdown::parse;
        assert_eq!(differences(&parse(text), &parse(same)), Vec::<String>::new());
        for (change, name) in [
            ("## A", "headings"),
            ("[x](z.md)", "links"),
            ("`C`", "names in code"),
            ("```bash\nmake test\n```", "commands"),
        ] {
            let other = format!("{text}{change}\n");
            let found = differences(&parse(text), &parse(&other));
            assert!(found.len() == 1 && found[0].contains(&format!("differ in {name}")), "{name}: {found:?}");
        }
    }
}
