//! docker-compose.yml: each process gets its own variables only, secrets are required, and every service runs confined.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use anyhow::Context as _;
use regex::Regex;
use serde_json::Value;

use super::env_example::EnvExample;
use super::markdown::regex;
use super::read;

/// Variables that the images and docker-compose.yml set, whatever .env says.
const FIXED: [&str; 5] = ["BACKEND_HOST", "BACKEND_SHARE_PORT", "FRONTEND_DIST", "FFMPEG", "FFPROBE"];

/// Services that must not be reachable from outside.
const INTERNAL: [&str; 6] = ["postgres", "redis", "migration", "gateway", "processor", "simulator"];

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[^$])\$\{([A-Z_]+)(:[?-])?"));

/// Checks the file.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let found = violations(&read("docker-compose.yml")?, &EnvExample::read()?)?;
    Ok(found.into_iter().map(|violation| format!("docker-compose.yml: {violation}")).collect())
}

fn violations(text: &str, example: &EnvExample) -> anyhow::Result<Vec<String>> {
    let file: Value = serde_saphyr::from_str(text).context("docker-compose.yml")?;
    let services = file["services"].as_object().context("docker-compose.yml has no services")?;
    let mut violations = [
        environment(&services["gateway"], example, "gateway", "processor"),
        environment(&services["processor"], example, "processor", "gateway"),
        references(text, example),
    ]
    .concat();
    violations.extend(services.iter().flat_map(|(name, service)| confinement(name, service)));
    Ok(violations)
}

fn environment(service: &Value, example: &EnvExample, name: &str, other: &str) -> Vec<String> {
    let given: BTreeSet<String> =
        service["environment"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let own: BTreeSet<String> = &example.shared() | &example.only(name);
    let missing = own.iter().filter(|variable| !FIXED.contains(&variable.as_str()) && !given.contains(*variable));
    let foreign =
        example.only(other).into_iter().filter(|variable| given.contains(variable) && !own.contains(variable));
    let missing = missing.map(|variable| format!("{name} lacks {variable}, which .env.example describes"));
    missing.chain(foreign.map(|variable| format!("{name} gets {variable}, which is for {other} only"))).collect()
}

fn references(text: &str, example: &EnvExample) -> Vec<String> {
    let mut violations = Vec::new();
    for found in REFERENCE.captures_iter(text) {
        let variable = &found[1];
        if !example.contains(variable) {
            violations.push(format!("{variable} is not described in .env.example"));
        }
        let is_secret = ["PASSWORD", "SECRET", "TOKEN"].iter().any(|word| variable.contains(word));
        if is_secret && found.get(2).is_none_or(|rule| rule.as_str() != ":?") {
            violations.push(format!("{variable} is a secret: it must be required (:?), without a default"));
        }
    }
    violations
}

fn confinement(name: &str, service: &Value) -> Vec<String> {
    let options = service["security_opt"].as_array().cloned().unwrap_or_default();
    let has_ports = service["ports"].as_array().is_some_and(|ports| !ports.is_empty());
    let rules = [
        (service.get("container_name").is_none(), "has a container_name, so it cannot be scaled"),
        (service["read_only"] == true, "can write to its own files (read_only)"),
        (service["cap_drop"] == serde_json::json!(["ALL"]), "keeps capabilities (cap_drop)"),
        (options.contains(&"no-new-privileges:true".into()), "can gain privileges (security_opt)"),
        (service["logging"]["options"].get("max-size").is_some(), "has an unlimited log (logging)"),
        (!(INTERNAL.contains(&name) && has_ports), "is reachable from outside (ports)"),
    ];
    rules.iter().filter(|(kept, _)| !kept).map(|(_, violation)| format!("{name} {violation}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str =
        "# ── Both processes ───\nDATABASE_URL=\n# ── gateway ───\nJWT_SECRET=\n# ── processor ───\nSORA_API_URL=\n";
    const CONFINED: &str = "    read_only: true\n    cap_drop: [ALL]\n    security_opt: [\"no-new-privileges:true\"]\n    \
                            logging: { options: { max-size: 10m } }\n";

    fn check(gateway: &str, processor: &str) -> Vec<String> {
        let text = format!(
            "services:\n  gateway:\n{CONFINED}    environment:\n{gateway}  processor:\n{CONFINED}    environment:\n{processor}"
        );
        violations(&text, &EnvExample::parse(EXAMPLE)).expect("valid YAML")
    }

    const GATEWAY: &str = "      DATABASE_URL:\n      JWT_SECRET: ${JWT_SECRET:?set it}\n";
    const PROCESSOR: &str = "      DATABASE_URL:\n      SORA_API_URL:\n";

    #[test]
    fn accepts_a_file_that_follows_the_rules() {
        assert_eq!(check(GATEWAY, PROCESSOR), Vec::<String>::new());
    }

    #[test]
    fn reports_missing_foreign_and_undescribed_variables() {
        let gateway = "      JWT_SECRET: ${JWT_SECRET:-weak}\n      SORA_API_URL:\n      EXTRA: $${ESCAPED} ${EXTRA}\n";
        assert_eq!(
            check(gateway, PROCESSOR),
            [
                "gateway lacks DATABASE_URL, which .env.example describes",
                "gateway gets SORA_API_URL, which is for processor only",
                "JWT_SECRET is a secret: it must be required (:?), without a default",
                "EXTRA is not described in .env.example",
            ]
        );
    }

    #[test]
    fn reports_services_that_are_not_confined() {
        let service = serde_json::json!({"container_name": "x", "cap_drop": ["NET_RAW"], "ports": ["1:1"]});
        assert_eq!(confinement("redis", &service).len(), 6);
        assert_eq!(confinement("frontend", &service).len(), 5, "the frontend may have ports");
    }
}
