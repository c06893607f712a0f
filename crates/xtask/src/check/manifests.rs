//! Rendered Kubernetes manifests: each process gets its own variables only, a pod has time to drain, and production
//! refers to Secrets without containing any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::env_example::EnvExample;
use super::read;

/// Seconds that a processor needs after `DRAIN_TIMEOUT` to hand over its remaining jobs.
const HAND_OVER: u64 = 10;

/// Kubernetes' default for `terminationGracePeriodSeconds`.
const DEFAULT_GRACE_PERIOD: u64 = 30;

type Variables = BTreeMap<String, Option<String>>;

/// Checks rendered overlays; a file's name is its overlay's.
pub(super) fn check(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let forbidden = forbidden(&EnvExample::read()?);
    let mut violations = Vec::new();
    for file in files {
        let text = read(file)?;
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).with_context(|| file.display().to_string())?;
        let is_production = file.file_stem().is_some_and(|stem| stem == Path::new("production"));
        let found = overlay(&objects, &forbidden, is_production);
        violations.extend(found.into_iter().map(|violation| format!("{}: {violation}", file.display())));
    }
    Ok(violations)
}

/// By container, the variables that it must not get.
fn forbidden(example: &EnvExample) -> BTreeMap<&'static str, BTreeSet<String>> {
    let (gateway, processor) = (example.only("gateway"), example.only("processor"));
    let both = &gateway | &processor;
    let all = &both | &example.shared();
    BTreeMap::from([("gateway", processor), ("processor", gateway), ("migration", both), ("frontend", all)])
}

fn overlay(objects: &[Value], forbidden: &BTreeMap<&str, BTreeSet<String>>, is_production: bool) -> Vec<String> {
    let of_kind = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let config_maps = of_kind("ConfigMap").map(|map| (name(map), map["data"].clone())).collect();
    let mut violations = Vec::new();
    if is_production {
        violations.extend(of_kind("Secret").map(|secret| format!("contains the Secret {}", name(secret))));
    }
    for pod in objects.iter().map(|object| &object["spec"]["template"]["spec"]) {
        let grace_period = pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(DEFAULT_GRACE_PERIOD);
        for container in pod["containers"].as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            let given = variables(container, &config_maps);
            for variable in forbidden.get(name).into_iter().flatten().filter(|variable| given.contains_key(*variable)) {
                violations.push(format!("{name} gets {variable}, which is not for it"));
            }
            let drain = given.get("DRAIN_TIMEOUT").cloned().flatten().unwrap_or_else(|| "0s".into());
            let drain = drain.strip_suffix('s').and_then(|seconds| seconds.parse::<u64>().ok());
            if drain.is_none_or(|seconds| seconds + HAND_OVER >= grace_period) {
                violations.push(format!("{name} is killed before DRAIN_TIMEOUT (in whole seconds) has passed"));
            }
        }
    }
    violations
}

/// The environment of a container; `NAME_FILE` counts as `NAME`.
fn variables(container: &Value, config_maps: &BTreeMap<String, Value>) -> Variables {
    let sources = container["envFrom"].as_array().into_iter().flatten();
    let maps = sources.filter_map(|source| config_maps.get(source["configMapRef"]["name"].as_str()?)?.as_object());
    let from_maps = maps.flatten().map(|(name, value)| (name.as_str(), value));
    let own = container["env"].as_array().into_iter().flatten();
    let own = own.filter_map(|entry| Some((entry["name"].as_str()?, &entry["value"])));
    let short = |name: &str| name.strip_suffix("_FILE").unwrap_or(name).to_owned();
    from_maps.chain(own).map(|(name, value)| (short(name), value.as_str().map(ToOwned::to_owned))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXAMPLE: &str =
        "# ── Both processes ───\nDATABASE_URL=\n# ── gateway ───\nJWT_SECRET=\n# ── processor ───\nSORA_API_TOKEN=\n";

    fn check(container: &Value, grace_period: u64, is_production: bool) -> Vec<String> {
        let objects = [
            json!({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"DRAIN_TIMEOUT": "60s"}}),
            json!({"kind": "Secret", "metadata": {"name": "keys"}}),
            json!({"kind": "Deployment", "spec": {"template": {"spec":
                {"terminationGracePeriodSeconds": grace_period, "containers": [container]}}}}),
        ];
        overlay(&objects, &forbidden(&EnvExample::parse(EXAMPLE)), is_production)
    }

    #[test]
    fn accepts_a_processor_with_its_own_variables_and_enough_time() {
        let container = json!({"name": "processor", "envFrom": [{"configMapRef": {"name": "settings"}}],
            "env": [{"name": "SORA_API_TOKEN_FILE", "value": "/secrets/token"}, {"name": "DATABASE_URL"}]});
        assert_eq!(check(&container, 71, false), Vec::<String>::new());
        assert_eq!(check(&container, 70, false).len(), 1, "60 s to drain and 10 s to hand over");
    }

    #[test]
    fn reports_foreign_variables_and_secrets_in_production() {
        let container = json!({"name": "gateway", "env": [{"name": "SORA_API_TOKEN_FILE", "value": "x"}]});
        let expected = ["contains the Secret keys", "gateway gets SORA_API_TOKEN, which is not for it"];
        assert_eq!(check(&container, 30, true), expected);
    }
}
