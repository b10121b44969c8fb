import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

// The tests drive a host that runs already (`make run`): registration, mail, publishing, all of it.
const baseURL = process.env['M1A_BASE_URL'] ?? 'http://localhost:8080';
const chromium = process.env['M1A_CHROMIUM'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/traces',
  // Two stories at once: each has people, workspaces and accounts of its own. Within a file they follow each other.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  // A shared machine can stop a browser for seconds. What passes at the second try is printed as flaky, to be looked at.
  retries: process.env['CI'] ? 1 : 0,
  // A busy machine takes its time, and nobody waits for these but whoever fails.
  timeout: 120_000,
  expect: { timeout: 25_000 },
  reporter: [['list']],
  use: {
    baseURL,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    viewport: { width: 1280, height: 860 },
    actionTimeout: 20_000,
    trace: 'retain-on-failure',
    // No download: Debian's Chromium where there is one.
    launchOptions: {
      ...(existsSync(chromium) ? { executablePath: chromium } : {}),
      args: ['--no-sandbox']
    }
  }
});
