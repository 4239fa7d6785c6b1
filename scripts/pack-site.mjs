// Names the site's files by their content, compresses them, and writes down the names for the server.
// Usage: node pack-site.mjs BUILT ASSETS SITE
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [built, assets, site] = process.argv.slice(2);
const files = new Map();

function add(path, content) {
  files.set(path, content);
  const brotli = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  };
  files.set(`${path}.br`, brotliCompressSync(content, brotli));
  files.set(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function hashed(source, name, ending) {
  const content = readFileSync(join(built, source));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const file = `${name}.${hash}.${ending}`;
  add(join("pkg", file), content);
  return file;
}

const manifest = {
  js: hashed("latchkey.js", "latchkey", "js"),
  wasm: hashed("latchkey_bg.opt.wasm", "latchkey_bg", "wasm"),
  css: hashed("latchkey.css", "latchkey", "css"),
};
files.set("site.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
for (const name of existsSync(assets) ? readdirSync(assets) : []) add(name, readFileSync(join(assets, name)));

// Untouched files stay untouched, so that an unchanged site does not rebuild the server.
mkdirSync(join(site, "pkg"), { recursive: true });
const present = readdirSync(site, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
for (const entry of present) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!files.has(path.slice(site.length + 1))) rmSync(path);
}
for (const [path, content] of files) {
  const target = join(site, path);
  if (!existsSync(target) || !readFileSync(target).equals(content)) writeFileSync(target, content);
}

const kb = (path) => `${(files.get(path).length / 1000).toFixed(1)} kB`;
for (const [kind, file] of Object.entries(manifest)) {
  console.error(`    ${kind}: ${kb(join("pkg", file))}, ${kb(join("pkg", `${file}.br`))} after brotli`);
}
