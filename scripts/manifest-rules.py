"""What rendered manifests must keep: manifest-rules.py RENDERED...

Each process gets its own variables and nobody else's, as .env.example lists them by section; a pod has time to drain; and
production names its Secrets without holding any. Prints every breach, and exits with 1 when there is any.
"""

import pathlib
import re
import sys

import yaml

SECTIONS: dict[str, set[str]] = {}
for line in pathlib.Path(".env.example").read_text().splitlines():
    if heading := re.match(r"# ── ([\w ]+?)(?: \(.*\))? ─", line):
        section = SECTIONS.setdefault(heading[1], set())
    elif variable := re.match(r"#?([A-Z][A-Z0-9_]*)=", line):
        section.add(variable[1])
FOREIGN = {"gateway": SECTIONS["processor"], "processor": SECTIONS["gateway"]}
FOREIGN["migration"] = FOREIGN["gateway"] | FOREIGN["processor"]
FOREIGN["frontend"] = FOREIGN["migration"] | SECTIONS["Both processes"]

# Seconds that a processor takes beyond DRAIN_TIMEOUT to hand over what is left.
HAND_OVER = 10


def variables(container: dict, configs: dict[str, dict]) -> dict[str, str | None]:
    """A container's environment; `NAME_FILE` counts as NAME."""
    given = {}
    for source in container.get("envFrom", []):
        given |= configs[source["configMapRef"]["name"]]
    given |= {one["name"]: one.get("value") for one in container.get("env", [])}
    return {name.removesuffix("_FILE"): value for name, value in given.items()}


def breaches(path: pathlib.Path):
    """Everything in one rendered overlay that must not be."""
    objects = [one for one in yaml.safe_load_all(path.read_text()) if one]
    configs = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    for one in objects:
        if one["kind"] == "Secret" and path.stem == "production":
            yield f"holds the Secret {one['metadata']['name']}"
        pod = one.get("spec", {}).get("template", {}).get("spec") or {}
        for container in pod.get("containers", []):
            name = container["name"]
            given = variables(container, configs)
            for variable in sorted(FOREIGN.get(name, set()) & set(given)):
                yield f"{name} is given {variable}, which is not for it"
            drain = re.fullmatch(r"(\d+)s", given.get("DRAIN_TIMEOUT") or "0s")
            if not drain or int(drain[1]) + HAND_OVER >= pod.get("terminationGracePeriodSeconds", 30):
                yield f"{name} is killed before DRAIN_TIMEOUT, in whole seconds, is over"


found = [f"{path}: {breach}" for path in map(pathlib.Path, sys.argv[1:]) for breach in breaches(path)]
print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
sys.exit(bool(found))
