use std::path::Path;
use std::time::Duration;

use sora::Dialect;

use super::*;
use crate::{DEFAULT_POOL, ReferenceImage, Status, TokenSource};

const COMPLETE: &str = r#"
currency = "CNY"

[[upstream]]
name = "gpu"
url = "http://gpu:8091/v1/videos"
concurrency = 2
sizes = { 1280x720 = "832x480" }

[[upstream]]
name = "relay"
url = "https://relay.example/generate?version=2"
dialect = "chat"
token = "env:RELAY_TOKEN"
concurrency = 20
weight = 3
idle_timeout = "90s"
lost_after = 60
seconds = { 10 = 8, 15 = "12" }
enabled = false

[[pool]]
name = "wan"
upstreams = ["gpu", { name = "relay", priority = 2 }]

[[upstream]]
name = "spare"
url = "https://spare.example/v1/chat/completions"
token = "file:/run/secrets/spare"

[[pool]]
name = "default"
upstreams = ["spare"]

[[model]]
name = "wan"
title = { en = "Wan", zh = "万相" }
pool = "wan"
upstream_name = "Wan-AI/Wan2.2-T2V-A14B"
upstream_names = { relay = "wan-hd" }
seconds = [10, 15]
sizes = ["1280x720"]
reference_image = "required"
remix = false
price = { per = "second", amount = 0.40 }

[[model]]
name = "old"
pool = "default"
seconds = [10]
sizes = ["720x1280", "1280x720"]
status = "deprecated"
retires_on = 2027-01-31
"#;

/// A file in which nearly every field is wrong.
const WRONG: &str = "currency = \"RMB\"\n\
    [[upstream]]\n\
    name = \"Relay\"\n\
    url = \"https://user:hidden@relay.example/v1/videos\"\n\
    token = \"sk-hidden\"\n\
    concurency = 3\n\
    idle_timeout = \"soon\"\n\
    seconds = { ten = 8, 15 = 1.5 }\n\
    [[upstream]]\n\
    url = \"https://other.example/generate\"\n\
    weight = 0\n\
    [[pool]]\n\
    name = \"default\"\n\
    upstreams = [\"Relay\",\n\
        \"rely\", { name = \"Relay\", weight = 1 }]\n\
    [[model]]\n\
    name = \"two words\"\n\
    pool = \"defualt\"\n\
    seconds = [10, 0, 10]\n\
    sizes = \"1280x720\"\n\
    reference_image = true\n\
    price = { per = \"minute\", amount = \"1,5\" }\n\
    retires_on = \"2027-02-30\"\n\
    [[model]]\n\
    name = \"b\"\n\
    upstream_names = { nowhere = \"b\" }\n\
    sizes = [\"1280x720\", \"720x720\"]\n\
    status = \"old\"\n";

fn mistakes(text: &str) -> Vec<String> {
    catalogue(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// Replaces a line of the complete file.
fn with(line: &str, other: &str) -> Vec<String> {
    assert!(COMPLETE.contains(line), "{line}");
    mistakes(&COMPLETE.replacen(line, other, 1))
}

#[test]
fn reads_every_field() {
    let catalogue = catalogue(COMPLETE).unwrap();
    let relay = catalogue.upstream("relay").unwrap();
    assert_eq!((relay.dialect, relay.concurrency, relay.weight, relay.enabled), (Dialect::Chat, 20, 3, false));
    assert_eq!(relay.token, Some(TokenSource::Variable("RELAY_TOKEN".into())));
    assert_eq!((relay.timeouts.idle, relay.timeouts.lost), (Duration::from_secs(90), Duration::from_secs(60)));
    assert_eq!((relay.seconds.of("10"), relay.seconds.of("15")), ("8".into(), "12".into()));
    assert_eq!(relay.model_template.render("a", "portrait", "8", "s"), "a-portrait-8s");
    let gpu = catalogue.upstream("gpu").unwrap();
    assert_eq!((gpu.dialect, gpu.weight, gpu.enabled, &gpu.token), (Dialect::Videos, 1, true, &None));
    assert_eq!((gpu.sizes.of("1280x720"), gpu.model_template.render("a", "", "", "")), ("832x480".into(), "a".into()));

    let members: Vec<_> =
        catalogue.pool("wan").unwrap().members.iter().map(|member| (&*member.upstream, member.priority)).collect();
    assert_eq!(members, [("gpu", 1), ("relay", 2)]);
    let wan = catalogue.model("wan").unwrap();
    assert_eq!(
        (wan.title_zh.as_deref(), wan.reference_image, wan.remix),
        (Some("万相"), ReferenceImage::Required, false)
    );
    assert_eq!((wan.name_at("gpu"), wan.name_at("relay")), ("Wan-AI/Wan2.2-T2V-A14B", "wan-hd"));
    assert_eq!((wan.price_of(10), wan.price.unwrap().decimal()), (Some(400), "0.40".into()));
    assert_eq!(catalogue.pool_of("old").map(|pool| &*pool.name), Some(DEFAULT_POOL));
    assert_eq!((catalogue.pool_of("gone"), catalogue.default_model().unwrap()), (None, wan));
    let old = catalogue.model("old").unwrap();
    assert_eq!((old.status, old.retires_on.as_deref()), (Status::Deprecated, Some("2027-01-31")));
    assert_eq!(old.default_size(old.orientations()[0]).unwrap().to_string(), "720x1280");
}

#[test]
fn without_pools_all_upstreams_make_one() {
    let text = r#"
        [[model]]
        name = "sora-2"
        seconds = [4]
        sizes = ["1280x720"]
        [[upstream]]
        name = "relay"
        url = "https://relay.example/v1/videos"
        [[upstream]]
        name = "spare"
        url = "https://spare.example/v1/videos"
    "#;
    let catalogue = catalogue(text).unwrap();
    let pool = catalogue.pool_of("sora-2").unwrap();
    assert_eq!((&*pool.name, pool.members.len()), (DEFAULT_POOL, 2));
}

#[test]
fn reports_every_mistake_with_its_line_and_the_remedy() {
    let expected = [
        "line 1: currency must be the ISO 4217 code",
        "line 3: upstream \"Relay\": name must be 1 to 64",
        "line 4: upstream \"Relay\": url must not contain a user",
        "line 5: upstream \"Relay\": token must say where the token is",
        "line 6: upstream \"Relay\": unknown key \"concurency\"; did you mean concurrency?",
        "line 7: upstream \"Relay\": idle_timeout must be a duration",
        "line 8: upstream \"Relay\": seconds: the right side",
        "line 8: upstream \"Relay\": seconds: the left side",
        "line 9: upstream 2: name is missing; set it to",
        "line 10: upstream 2: url must end in /videos",
        "line 11: upstream 2: weight must be a whole number from 1",
        "line 15: pool \"default\": upstreams: each entry must be an upstream's name",
        "line 15: pool \"default\": upstreams: there is no upstream \"rely\"; did you mean \"Relay\"?",
        "line 17: model \"two words\": name must be 1 to 100",
        "line 18: model \"two words\": pool: there is no pool \"defualt\"; did you mean \"default\"?",
        "line 19: model \"two words\": seconds: each entry must be a whole number from 1 to 3600",
        "line 19: model \"two words\": seconds has this entry twice",
        "line 20: model \"two words\": sizes must be a list of sizes",
        "line 21: model \"two words\": reference_image must be a string",
        "line 22: model \"two words\": price: per must be \"video\" or \"second\"",
        "line 22: model \"two words\": price: amount must be an amount",
        "line 22: model \"two words\": price: the currency is missing",
        "line 23: model \"two words\": retires_on must be a day",
        "line 24: model \"b\": seconds is missing; set it to a list",
        "line 26: model \"b\": upstream_names: \"nowhere\" is no upstream of the pool \"default\"",
        "line 27: model \"b\": sizes: each entry must be a size",
        "line 28: model \"b\": status must be \"active\"",
    ];
    let found = mistakes(WRONG);
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found:?} instead of {expected:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(!found.concat().contains("hidden"), "a secret is printed");
}

#[test]
fn reports_what_contradicts_other_parts_of_the_file() {
    let taken = with("upstreams = [\"spare\"]", "upstreams = [\"gpu\"]");
    assert!(taken[0].contains("\"gpu\" belongs to the pool \"wan\"; an upstream has one pool"), "{taken:?}");
    let twice = with("name = \"spare\"", "name = \"gpu\"");
    assert!(twice[0].contains("upstream \"gpu\": name is taken"), "{twice:?}");
    let free = with("currency = \"CNY\"", "free = true");
    assert!(free.len() == 1 && free[0].contains("price: the file says free = true"), "{free:?}");
    let dated = with("status = \"deprecated\"", "");
    assert!(dated.len() == 1 && dated[0].contains("retires_on is for models with status"), "{dated:?}");
    let unnamed = with("pool = \"default\"", "");
    assert!(unnamed.len() == 1 && unnamed[0].contains("pool is missing; set it to one of wan, default"), "{unnamed:?}");
    let retired = mistakes(
        "[[upstream]]\nname = \"a\"\nurl = \"https://a.example/v1/videos\"\n[[model]]\nname = \"a\"\nseconds = [1]\n\
         sizes = [\"2x1\"]\nstatus = \"retired\"",
    );
    assert_eq!(retired, ["line 4: every model is retired; at least one must be active or deprecated"]);
}

#[test]
fn reports_files_that_are_no_catalogue() {
    assert_eq!(mistakes("").len(), 2);
    let single = mistakes("[upstream]\nname = \"a\"\n\n[models]\nname = \"a\"\n");
    let expected = [
        "line 1: upstream must be tables, each below a line [[upstream]]",
        "line 1: there is no model; add one below a line [[model]]",
        "line 4: unknown key \"models\"; did you mean model?",
    ];
    assert_eq!(single, expected);
    let syntax = mistakes("currency = \"CNY\nfree = yes\n\n[[upstream]\ntoken = sk-hidden\n");
    assert!(syntax.iter().all(|line| line.contains("is not valid TOML")), "{syntax:?}");
    assert!(syntax[0].starts_with("line 1: ") && !syntax.concat().contains("hidden"), "{syntax:?}");
}

#[test]
fn limits_the_number_of_pools() {
    let mut text = String::from("[[model]]\nname = \"a\"\npool = \"p0\"\nseconds = [1]\nsizes = [\"2x1\"]\n");
    for place in 0..17 {
        text += &format!(
            "[[upstream]]\nname = \"u{place}\"\nurl = \"https://a.example/v1/videos\"\n\
             [[pool]]\nname = \"p{place}\"\nupstreams = [\"u{place}\"]\n"
        );
    }
    let found = mistakes(&text);
    assert!(found.len() == 1 && found[0].contains("at most 16 pools"), "{found:?}");
}

#[test]
fn the_documented_catalogues_are_valid() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let read = |name: &str| std::fs::read_to_string(docs.join(name)).unwrap();
    let example = catalogue(&read("catalogue.example.toml")).unwrap();
    assert_eq!((example.upstreams.len(), example.pools.len(), example.models.len()), (3, 2, 3));
    let guide = read("upstreams.md");
    let recipes: Vec<_> = guide.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(recipes.len(), 3);
    for recipe in recipes {
        catalogue(recipe).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{recipe}"));
    }
}

#[test]
fn the_example_names_every_key() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let example = std::fs::read_to_string(docs.join("catalogue.example.toml")).unwrap();
    let document = DeTable::parse(&example).unwrap();
    for kind in ["upstream", "pool", "model"] {
        let tables = document.get_ref()[kind].get_ref().as_array().unwrap();
        let used: Vec<_> = tables.iter().flat_map(|table| table.get_ref().as_table().unwrap().keys()).collect();
        // An unknown key's remedy lists all that are known.
        let text = example.replacen(&format!("\n[[{kind}]]"), &format!("\n[[{kind}]]\nunknown_unknown = 1"), 1);
        let message = mistakes(&text).concat();
        let (_, known) = message.split_once("the keys are ").unwrap();
        for key in known.split(", ") {
            assert!(used.iter().any(|used| used.get_ref() == key), "{key} of [[{kind}]] is not in the example");
        }
    }
}
