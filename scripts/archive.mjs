// make backup, make restore BACKUP=…: the database and the videos, as one folder. Run through scripts/run, which reads .env.
// A backup is complete or it is not there; a restore changes nothing before everything has been checked, and no program
// can begin to work with a database whose unfinished jobs have not been settled yet.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { constants, createReadStream, existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, link, mkdir, mkdtemp, open, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

const FORMAT = 1;
const USAGE = "usage: make backup [TO=FOLDER], or: make restore BACKUP=FOLDER [FORCE=yes]";
const umask = process.umask(0o077);

class Refusal extends Error {}
const refuse = (sentence) => {
  throw new Refusal(sentence);
};
const say = (line) => console.log(line);

// ── What there is ─────────────────────────────────────────────────────────────────────────────────────────────────────

const url = secret("DATABASE_URL") ?? "sqlite:data/sora.db";
const storage = process.env.STORAGE_URL || "data/videos";
const kind = url.startsWith("sqlite:") ? "sqlite" : "postgres";
const isFolder = !storage.includes("://");

function secret(name) {
  const file = process.env[`${name}_FILE`];
  return process.env[name] || (file && readFileSync(file, "utf8").trimEnd()) || undefined;
}

/** Where an SQLite database lies. */
const databaseFile = () => url.replace(/^sqlite:(\/\/)?/, "").replace(/\?.*$/, "");

/** Runs a program and answers with what it printed; its complaints go to the terminal. */
function run(program, args, variables = {}) {
  try {
    const env = { ...process.env, ...variables };
    return execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  } catch (cause) {
    if (cause.code === "ENOENT") refuse(`${program} is missing; install it with: apt-get install postgresql-client`);
    throw refuse(`${program} ${args[0]} failed; the reason is above`);
  }
}
const migration = (args, variables) => run("scripts/run", ["migration", ...args], variables);
const schemaOf = (said) => Number(/^schema version (\d+)/.exec(said)?.[1] ?? refuse(`not a schema version: ${said}`));

/** For PostgreSQL's programs: never in an argument, where everybody on the machine could read the password. */
function postgresVariables() {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const variables = {
    PGHOST: searchParams.get("host") ?? decodeURIComponent(hostname),
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get("sslmode"),
    PGSSLROOTCERT: searchParams.get("sslrootcert"),
  };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value));
}
const postgres = (program, args) => run(program, args, postgresVariables());

/** Every file below a folder, by its path there; what the storage is still writing is not one yet. */
async function filesOf(folder) {
  const entries = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return paths.map((path) => relative(folder, path)).filter((path) => !/#\d+$/.test(path));
}

async function digest(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** On disk, whatever happens next. */
async function flush(file) {
  const handle = await open(file, "r");
  await handle.sync();
  await handle.close();
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const total = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);

// ── Backup ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function backup(to) {
  if (kind === "sqlite" && !existsSync(databaseFile())) refuse(`there is no database at ${databaseFile()}`);
  const contents = inside();
  const schema = schemaOf(migration(["status"]));
  const before = await latest(to);
  const name = new Date().toISOString().slice(0, 19).replaceAll(":", "-") + "Z";
  const folder = join(to, `.${name}.unfinished`);
  await mkdir(folder, { recursive: true });
  try {
    // The database first: every file that it names is there already, and what comes later belongs to nobody.
    const database = { kind, schema, ...contents, ...(await dump(folder)) };
    const copied = isFolder ? await copyFiles(folder, before) : [];
    if (isFolder && contents.videos && !copied.length) refuse(`the database names ${contents.videos} videos, and ${storage} holds no file: is STORAGE_URL right?`);
    const files = copied.map(({ fresh, ...file }) => file);
    const manifest = { format: FORMAT, madeAt: new Date().toISOString(), program: migration(["--version"]), database, storage: isFolder ? "files" : storage, files };
    await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
    await flush(join(folder, "manifest.json"));
    await rename(folder, join(to, name));
    say(`${join(to, name)}: ${kind}, ${size(database.bytes)}, accounts ${contents.accounts}, jobs ${contents.jobs}, videos ${contents.videos}`);
    if (isFolder) say(`  files ${files.length}, ${size(total(files))}, of which new ${copied.filter(({ fresh }) => fresh).length}`);
    if (isFolder && copied.length < contents.videos) console.error(`backup: only ${copied.length} files for ${contents.videos} videos: some are lost`);
    if (!isFolder) say(`  the files stay in ${storage}: protect them with the bucket's own versions and replication`);
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw cause;
  }
}

const inside = (variables) => JSON.parse(migration(["contents"], variables));

async function dump(folder) {
  const file = kind === "sqlite" ? "database.sqlite" : "database.dump";
  const path = join(folder, file);
  if (kind === "sqlite") migration(["copy", path]);
  else postgres("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", `--file=${path}`]);
  await flush(path);
  return { file, bytes: (await stat(path)).size, sha256: await digest(path) };
}

/** The backup before this one: what has not changed since is not copied again but shared with it. */
async function latest(to) {
  const names = existsSync(to) ? (await readdir(to)).filter((name) => /^\d{4}-.*Z$/.test(name)).sort() : [];
  for (const name of names.reverse()) {
    const text = await readFile(join(to, name, "manifest.json"), "utf8").catch(() => null);
    if (text) return { name, folder: join(to, name), files: new Map(JSON.parse(text).files.map((file) => [file.path, file])) };
  }
  return null;
}

async function copyFiles(folder, before) {
  const files = [];
  for (const path of await filesOf(storage)) {
    const copied = await copyOne(path, join(folder, "files", path), before);
    if (copied) files.push(copied);
  }
  return files;
}

/** Null: somebody has deleted it meanwhile. */
async function copyOne(path, copy, before) {
  const source = join(storage, path);
  const found = await stat(source).catch(() => null);
  if (!found) return null;
  const [bytes, modified] = [found.size, found.mtime.toISOString()];
  await mkdir(dirname(copy), { recursive: true });
  const known = before?.files.get(path);
  if (known?.bytes === bytes && known.modified === modified) {
    await link(join(before.folder, "files", path), copy);
    return { path, bytes, modified, sha256: known.sha256 };
  }
  await copyFile(source, copy, constants.COPYFILE_FICLONE);
  await chmod(copy, 0o600);
  await flush(copy);
  return { path, bytes: (await stat(copy)).size, modified, sha256: await digest(copy), fresh: true };
}

// ── Restore ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function restore(folder, force) {
  const manifest = await checked(folder);
  await refuseToDisturb(manifest, force);
  for (const { path, modified } of manifest.files) await putBack(join(folder, "files", path), join(storage, path), modified);
  const dump = join(folder, manifest.database.file);
  say(await (kind === "sqlite" ? restoreSqlite(dump) : restorePostgres(dump)));
  const { accounts, jobs, videos } = inside();
  say(`restored ${folder}: accounts ${accounts}, jobs ${jobs}, videos ${videos}; files ${manifest.files.length}, ${size(total(manifest.files))}`);
  say("Passwords, API keys, share links and who is disabled are as they were then: what was changed or withdrawn since is back.");
}

/** The manifest, once every byte is what it says. */
async function checked(folder) {
  const text = await readFile(join(folder, "manifest.json"), "utf8").catch(() => refuse(`${folder} is no backup: it has no manifest.json`));
  const manifest = JSON.parse(text);
  const { format, database, files } = manifest;
  if (format !== FORMAT) refuse(`${folder} has format ${format}, this program knows ${FORMAT}`);
  if (database.kind !== kind) refuse(`${folder} holds a database of ${database.kind}, DATABASE_URL names one of ${kind}`);
  if (files.length && !isFolder) refuse(`${folder} holds files, STORAGE_URL names ${storage}: copy them there, or name a folder`);
  const known = schemaOf(migration(["up", "--dry-run"], { DATABASE_URL: "sqlite::memory:" }));
  if (database.schema > known) refuse(`${folder} has schema version ${database.schema}, this program knows ${known}: restore it with a newer one`);
  const all = [{ ...database, at: join(folder, database.file) }, ...files.map((file) => ({ ...file, at: join(folder, "files", file.path) }))];
  for (const { at, sha256 } of all) {
    const found = await digest(at).catch(() => refuse(`${at} is missing: the backup is damaged`));
    if (found !== sha256) refuse(`${at} is not what was backed up: the backup is damaged`);
  }
  return manifest;
}

async function refuseToDisturb({ files }, force) {
  const there = kind === "postgres" || existsSync(databaseFile()) ? inside() : { accounts: 0, processors: 0 };
  if (there.processors) refuse(`processors that work with this database: ${there.processors}; stop everything first`);
  const port = process.env.BACKEND_PORT || 3000;
  const alive = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(2000) }).then((answer) => answer.text(), () => "");
  if (alive.includes('"alive"')) refuse(`a gateway answers on port ${port}: stop everything first`);
  if (force) return;
  if (there.accounts) refuse(`accounts in the database: ${there.accounts}; FORCE=yes replaces it`);
  if (files.length && (await filesOf(storage)).length) refuse(`there are files in ${storage}; FORCE=yes adds the backup's to them`);
}

/** In one step at its place, and with the time by which the next backup knows it. */
async function putBack(copy, place, modified) {
  process.umask(umask);
  await mkdir(dirname(place), { recursive: true });
  process.umask(0o077);
  const partial = `${place}#0`;
  await copyFile(copy, partial, constants.COPYFILE_FICLONE);
  await chmod(partial, 0o666 & ~umask);
  await utimes(partial, new Date(modified), new Date(modified));
  await rename(partial, place);
}

/** Settled aside, then put in its place in one step. What was there before is kept beside it. */
async function restoreSqlite(dump) {
  const place = databaseFile();
  const aside = `${place}.restoring`;
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await copyFile(dump, aside);
  const DATABASE_URL = `sqlite:${aside}`;
  migration(["up"], { DATABASE_URL });
  const settled = migration(["restored"], { DATABASE_URL });
  if (existsSync(`${aside}-wal`)) refuse(`${aside} is still in use`);
  await flush(aside);
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(place + suffix)) await rename(place + suffix, `${place}.before-restore${suffix}`);
  }
  await rename(aside, place);
  return settled;
}

/** The schema's version comes last: until then every program that starts takes the database for one without a schema. */
async function restorePostgres(dump) {
  const list = postgres("pg_restore", ["--list", dump]).split("\n");
  const isVersion = (line) => / TABLE DATA \S+ schema_version /.test(line);
  if (list.filter(isVersion).length !== 1) refuse(`${dump} holds no schema version`);
  await restorePart(dump, list.filter((line) => !isVersion(line)), ["--clean", "--if-exists"]);
  const settled = migration(["restored"]);
  await restorePart(dump, list.filter(isVersion), ["--data-only"]);
  migration(["up"]);
  return settled;
}

async function restorePart(dump, list, flags) {
  const file = join(await mkdtemp(join(tmpdir(), "restore-")), "list");
  await writeFile(file, list.join("\n"));
  const { PGDATABASE } = postgresVariables();
  try {
    const all = ["--single-transaction", "--no-owner", "--no-privileges", `--use-list=${file}`, `--dbname=${PGDATABASE}`];
    postgres("pg_restore", [...all, ...flags, dump]);
  } finally {
    await rm(dirname(file), { recursive: true });
  }
}

const [command, folder, ...flags] = process.argv.slice(2);
try {
  if (command === "backup" && folder) await backup(folder);
  else if (command === "restore" && folder) await restore(folder.replace(/\/$/, ""), flags.includes("--force"));
  else refuse(USAGE);
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause;
  console.error(`${command ?? "archive"}: ${cause.message}`);
  process.exit(1);
}
