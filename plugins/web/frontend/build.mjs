// esbuild: src/ → static/dist/ with hashed names, .br and .gz beside each file, and a manifest.
import {build} from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const [inputs = 'dev', out = '../src/psa_web/static/dist'] = process.argv.slice(2);
fs.rmSync(out, {recursive: true, force: true});
fs.mkdirSync(out, {recursive: true});
const result = await build({
  entryPoints: {app: 'src/app.js', style: 'src/style.css', ui: 'src/ui.js', sortable: 'src/sortable.js', editor: 'src/editor.js', passkey: 'src/passkey.js'},
  bundle: true, splitting: true, format: 'esm', target: 'es2022', minify: true, outdir: out, metafile: true,
  entryNames: '[name]-[hash]', chunkNames: 'chunk-[hash]', assetNames: 'font-[hash]', loader: {'.woff2': 'file'}, legalComments: 'none', logLevel: 'warning',
});
const name = file => path.relative(out, file);
const manifest = {inputs, files: {}};
for (const [file, made] of Object.entries(result.metafile.outputs)) {
  if (made.entryPoint) manifest.files[path.basename(made.entryPoint)] = {file: name(file), imports: made.imports.filter(i => i.kind === 'import-statement').map(i => name(i.path))};
  if (Object.keys(made.inputs).some(i => i.endsWith('inter-latin-wght-normal.woff2'))) manifest.font = name(file);
}
for (const file of fs.readdirSync(out)) {
  if (!/\.(js|css|svg)$/.test(file)) continue;
  const content = fs.readFileSync(`${out}/${file}`);
  fs.writeFileSync(`${out}/${file}.br`, zlib.brotliCompressSync(content));
  fs.writeFileSync(`${out}/${file}.gz`, zlib.gzipSync(content, {level: 9}));
}
const icons = {}, drawn = 'node_modules/lucide-static/icons';
for (const file of fs.readdirSync(drawn)) {
  if (!file.endsWith('.svg')) continue;
  icons[file.slice(0, -4)] = fs.readFileSync(`${drawn}/${file}`, 'utf8').replace(/<!--.*?-->/gs, '').replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '').replace(/\s+/g, ' ').replaceAll('> <', '><').trim();
}
fs.writeFileSync(`${out}/icons.json`, JSON.stringify(icons));
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const notices = Object.entries(lock.packages).filter(([place, one]) => place && !one.dev).map(([place, one]) => `${place.replace(/^.*node_modules\//, '')} ${one.version}: ${one.license}`);
fs.writeFileSync(`${out}/THIRD-PARTY-NOTICES.txt`, `${notices.join('\n')}\n`);
fs.writeFileSync(`${out}/manifest.json`, JSON.stringify(manifest));
