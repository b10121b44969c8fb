import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the dashboard and passes everything else on to a running host.
const api = process.env['M1A_BASE_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    tailwindcss(),
    // Its watcher would keep the tests from ending; `npm test` compiles the messages itself.
    !process.env['VITEST'] && paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/lib/paraglide',
      strategy: ['baseLocale']
    }),
    sveltekit()
  ],
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/local', '/health', '/media'].map((path) => [path, { target: api, xfwd: false }])
    )
  },
  build: { chunkSizeWarningLimit: 400 },
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            // Every page needs all of it; one file is smaller than its pieces.
            codeSplitting: { groups: [{ name: 'framework', test: /node_modules[\\/](svelte|@sveltejs|clsx|esm-env|devalue)[\\/]/ }] }
          }
        }
      }
    }
  },
  test: {
    // A test that needs a browser's objects says so in its first line.
    environment: 'node',
    include: ['src/**/*.test.ts'],
    // The tests state their zones; the machine's must not matter.
    env: { TZ: 'UTC' }
  },
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {}
});
