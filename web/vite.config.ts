import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the dashboard and passes everything else on to a running host.
const api = process.env['M1A_BASE_URL'] ?? 'http://127.0.0.1:8080';

/** There is one language: how each message finds out which is left out. It was half the code of a message. */
const oneLanguage: Plugin = {
  name: 'one-language',
  apply: 'build',
  transform: {
    filter: { id: /[\\/]paraglide[\\/]messages[\\/]/ },
    handler(code) {
      const shorter = code.replace('experimentalStaticLocale ?? options.locale ?? getLocale()', '');
      // The run time of the languages goes with it.
      return shorter.includes('getLocale(') ? code : shorter.replace(/^import .* from '\.\.\/runtime\.js';$/m, '');
    }
  }
};

export default defineConfig({
  plugins: [
    tailwindcss(),
    oneLanguage,
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
