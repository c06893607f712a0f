"""What docker-compose.yml must keep: each process gets its own variables and nobody else's, and runs confined.

.env.example is the list of variables, by section. Prints every breach, and exits with 1 when there is any.
"""

import pathlib
import re
import sys

import yaml

# Settled by the images and by docker-compose.yml, whatever .env says.
SETTLED = {"BACKEND_HOST", "BACKEND_SHARE_PORT", "FRONTEND_DIST", "FFMPEG", "FFPROBE"}
INSIDE = {"postgres", "redis", "migration", "gateway", "processor", "simulator"}

text = pathlib.Path("docker-compose.yml").read_text()
services = yaml.safe_load(text)["services"]
sections: dict[str, set[str]] = {}
for line in pathlib.Path(".env.example").read_text().splitlines():
    if heading := re.match(r"# ── ([\w ]+?)(?: \(.*\))? ─", line):
        variables = sections.setdefault(heading[1], set())
    elif variable := re.match(r"#?([A-Z][A-Z0-9_]*)=", line):
        variables.add(variable[1])
shared, known = sections["Both processes"], set().union(*sections.values())
breaches = []


def expect(kept: bool, breach: str) -> None:
    if not kept:
        breaches.append(breach)


for name, other in (("gateway", "processor"), ("processor", "gateway")):
    given = set(services[name]["environment"])
    for variable in sorted((shared | sections[name]) - SETTLED - given):
        expect(False, f"{name} is not given {variable}, which .env.example describes")
    for variable in sorted(given & (sections[other] - sections[name] - shared)):
        expect(False, f"{name} is given {variable}, which is for the {other} alone")

for variable, rule in re.findall(r"(?<!\$)\$\{([A-Z_]+)(:[?-])?", text):
    expect(variable in known, f"{variable} is not described in .env.example")
    if re.search("PASSWORD|SECRET|TOKEN", variable):
        expect(rule == ":?", f"{variable} is a secret: it must be required (:?), with no default")

for name, service in services.items():
    expect("container_name" not in service, f"{name} has a container_name: it could not be scaled")
    expect(service.get("read_only") is True, f"{name} may write to its own files (read_only)")
    expect(service.get("cap_drop") == ["ALL"], f"{name} keeps capabilities (cap_drop)")
    expect("no-new-privileges:true" in service.get("security_opt", []), f"{name} may gain privileges (security_opt)")
    expect("max-size" in service.get("logging", {}).get("options", {}), f"{name} fills the disk with its log (logging)")
    expect(not (name in INSIDE and service.get("ports")), f"{name} is reachable from outside (ports)")

for breach in breaches:
    print(f"docker-compose.yml: {breach}", file=sys.stderr)
sys.exit(bool(breaches))
