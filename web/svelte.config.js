import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // One document for every route: the host answers unknown paths with index.html.
    adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html' }),
    // Hashes (not nonces), because the document is a static file. The host may send a
    // stricter header; both apply.
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self'],
        'style-src': ['self', 'unsafe-inline'],
        'img-src': ['self', 'data:', 'blob:', 'https:', 'http://127.0.0.1:*', 'http://localhost:*'],
        // Media bytes go straight to object storage by presigned URL.
        'connect-src': ['self', 'https:', 'http://127.0.0.1:*', 'http://localhost:*'],
        'object-src': ['none'],
        'base-uri': ['none'],
        'form-action': ['self']
      }
    }
  }
};
