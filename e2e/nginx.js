// Runs a real nginx with the configuration template of the frontend's image.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, root, run } from "./platform.js";

/** Starts it on loopback; `variables` are those of the template. It writes only to `folder`. */
export async function startNginx(processes, folder, port, variables) {
  const values = { LISTEN: `127.0.0.1:${port}`, VIA: "at_start", API_URL: "", ...variables };
  const template = await readFile(join(root, "frontend/nginx.conf.template"), "utf8");
  const server = template.replace(/\$\{([A-Z_]+)\}/g, (_, name) => values[name]);
  // The programs' output is read through sockets, which nginx cannot open by name.
  const logged = server.replaceAll("/dev/stdout", join(folder, "access.log")).replace("error_log stderr", `error_log ${join(folder, "error.log")}`);
  await writeFile(join(folder, "nginx.conf"), mainConfiguration(logged));
  run(processes, process.env.NGINX ?? "/usr/sbin/nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], {});
  await eventually("nginx answers", () => {
    processes.forEach(({ check }) => check());
    return fetch(`http://127.0.0.1:${port}`).then(({ ok }) => ok, () => false);
  });
}

function mainConfiguration(server) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  return `
    daemon off;
    ${process.getuid() === 0 ? "user root;" : ""}
    pid nginx.pid;
    worker_processes 1;
    events { worker_connections 512; }
    http {
      access_log off;
      ${temporary.join("\n      ")}
      types {
        text/html html;
        text/css css;
        text/javascript js;
        image/svg+xml svg;
        font/woff2 woff2;
      }
      ${server}
    }`;
}
