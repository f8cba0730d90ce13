import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { NODE } from "../support/skua-server.ts";

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/interop");
export const EXAMPLES = join(ROOT, "examples");
const INSTALL_MILLIS = 600_000;

const runToEnd = promisify(execFile);

/** How to run a language's examples. */
export interface Toolchain {
  /** Where the programs run. */
  readonly folder: string;
  /** The words that run a program. */
  readonly run: (program: string) => readonly [command: string, ...args: string[]];
}

/** The last clients that write Zipkin's Thrift, and those that speak Jaeger's gRPC, need environments of their own. */
export type Language = "node" | "python" | "pythonThrift" | "pythonJaegerGrpc" | "go" | "java";

/** Undefined where the language is not on this machine. */
export const TOOLCHAINS: Readonly<Record<Language, () => Promise<Toolchain | undefined>>> = {
  node: installNode,
  // One environment for all of them: what two of them pin, they pin alike.
  python: () => installPython(["python", "django", "django-otel"]),
  pythonThrift: () => installPython(["python-zipkin-thrift"]),
  pythonJaegerGrpc: () => installPython(["python-jaeger-grpc"]),
  go: installGo,
  java: installJava,
};

/** The runtime is the project's own, so there is always one. */
async function installNode(): Promise<Toolchain> {
  const source = join(EXAMPLES, "node");
  const folder = await installed("node", [join(source, "package-lock.json")], async (place) => {
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(source, name), join(place, name));
    const path = `${dirname(NODE)}:${process.env.PATH}`;
    await runToEnd("npm", ["ci", "--ignore-scripts"], {
      ...{ cwd: place, timeout: INSTALL_MILLIS },
      env: { ...process.env, PATH: path },
    });
  });
  // Beside their packages, where Node looks for them.
  await cp(source, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  return { folder, run: (program) => [NODE, program] };
}

/** Versions of Python that all the clients still run on. */
const PYTHONS = ["python3.11", "python3.12", "python3.10", "python3"];
const IS_RIGHT = "import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 13))";

/** An environment for the examples in these folders; programs run in the first. */
async function installPython(folders: readonly [string, ...string[]]): Promise<Toolchain | undefined> {
  const python = await firstThatRuns(PYTHONS, ["-c", IS_RIGHT]);
  if (python === undefined) return undefined;
  const folder = join(EXAMPLES, folders[0]);
  const requirements = folders.map((name) => join(EXAMPLES, name, "requirements.txt"));
  // A virtual environment cannot be moved: it stands where it was made, and a note says when it is complete.
  const place = join(CACHE, `python-${await digest(requirements)}`);
  const note = join(place, "complete");
  if (!existsSync(note)) {
    await runToEnd(python, ["-m", "venv", place], { timeout: INSTALL_MILLIS });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    const files = requirements.flatMap((file) => ["-r", file]);
    await runToEnd(join(place, "bin", "python"), [...pip, ...files], { timeout: INSTALL_MILLIS });
    await writeFile(note, "");
  }
  return { folder, run: (program) => [join(place, "bin", "python"), program] };
}

async function installGo(): Promise<Toolchain | undefined> {
  if ((await firstThatRuns(["go"], ["version"])) === undefined) return undefined;
  const source = join(EXAMPLES, "go");
  const out = join(CACHE, "go");
  await mkdir(out, { recursive: true });
  await runToEnd("go", ["build", "-o", out, "./..."], { cwd: source, timeout: INSTALL_MILLIS });
  return { folder: out, run: (program) => [join(out, program)] };
}

async function installJava(): Promise<Toolchain | undefined> {
  if ((await firstThatRuns(["mvn"], ["-v"])) === undefined) return undefined;
  const source = join(EXAMPLES, "java");
  const folder = join(CACHE, "java");
  await cp(source, folder, { recursive: true });
  await runToEnd("mvn", ["-q", "-B", "package", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"], {
    ...{ cwd: folder, timeout: INSTALL_MILLIS },
  });
  return { folder, run: (program) => ["java", "-cp", "target/classes:target/lib/*", program] };
}

/** A folder under the cache that is complete or not there, anew whenever one of the manifests changes. */
async function installed(
  name: string,
  manifests: readonly string[],
  install: (place: string) => Promise<void>,
): Promise<string> {
  const folder = join(CACHE, `${name}-${await digest(manifests)}`);
  if (existsSync(folder)) return folder;
  const place = `${folder}.${process.pid}`;
  await mkdir(place, { recursive: true });
  try {
    await install(place);
    await rename(place, folder);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
  return folder;
}

async function digest(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 12);
}

async function firstThatRuns(programs: readonly string[], args: readonly string[]): Promise<string | undefined> {
  for (const program of programs) if (await runToEnd(program, args).then(Boolean, () => false)) return program;
  return undefined;
}
