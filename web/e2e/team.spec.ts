import { expect, test, type Page } from '@playwright/test';
import { choose, openSettings, press } from './keyboard';
import { accessible, fitsPhone, fitsPhoneToo } from './looks';
import { arrive, connectPlayground, newestLink, PASSWORD, register, send, signIn, unique } from './people';

// How several people share a workspace, all by keyboard.

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

async function invite(page: Page, email: string): Promise<void> {
  await press(page.getByRole('button', { name: 'Invite', exact: true }));
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await expect(dialog.getByLabel('E-mail address')).toBeFocused();
  await page.keyboard.type(email);
  await page.keyboard.press('Enter');
}

/** A role, and a group of one account, that the workspace has of its own. */
async function ownRoleAndGroup(page: Page, account: string): Promise<void> {
  const { items } = (await (await page.request.get('/v1/accounts')).json()) as { items: { id: string; handle: string }[] };
  const chosen = items.filter(({ handle }) => handle === account).map(({ id }) => id);
  expect(await send(page, '/v1/roles', { name: 'Client', permissions: ['read_tenant', 'read_accounts', 'read_posts'] })).toBe(201);
  expect(await send(page, '/v1/account-groups', { name: 'Client A', account_ids: chosen })).toBe(201);
}

test('somebody is invited, works as what they were given, and is removed', async ({ page, browser }) => {
  test.slow();
  const guest = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })).newPage();
  const email = await register(guest, 'Grace Hopper');
  await arrive(page, 'Analytical Engines');
  const account = unique('ada');
  await connectPlayground(page, account);
  await connectPlayground(page, unique('charles'));
  await ownRoleAndGroup(page, account);
  await openSettings(page, 'Members');
  await invite(page, email);
  await expect(page.locator(`[data-invitation="${email}"]`)).toContainText('Viewer');
  await accessible(page, 'settings-invitation');
  const first = await newestLink(guest.request, email, 'invitation');
  await press(page.getByRole('button', { name: `Send the invitation to ${email} again` }));
  let link = first;
  await expect.poll(async () => (link = await newestLink(guest.request, email, 'invitation'))).not.toBe(first);

  await guest.goto(link);
  await expect(guest.getByText('invites you to work with Analytical Engines')).toBeVisible();
  await accessible(guest, 'invitation-open');
  await press(guest.getByRole('link', { name: 'Sign in to accept' }));
  await signIn(guest, email);
  await press(guest.getByRole('button', { name: 'Accept' }));
  await expect(guest.getByRole('button', { name: 'Workspace Analytical Engines, switch' })).toBeVisible();

  await page.reload();
  const row = page.locator(`[data-member="${email}"]`);
  await expect(row).toContainText('Grace Hopper');
  const change = page.getByRole('dialog', { name: 'Change Grace Hopper' });
  const role = change.getByLabel('Role');
  await press(page.getByRole('button', { name: 'Change Grace Hopper' }));
  await choose(role, 'Client');
  await press(change.getByRole('radio', { name: 'All accounts' }), 'ArrowDown');
  await press(change.getByRole('checkbox', { name: 'Client A' }), 'Space');
  await accessible(page, 'settings-member');
  await press(change.getByRole('button', { name: 'Save' }));
  await expect(row).toContainText('Client · Client A');
  await guest.goto('/accounts');
  await expect(guest.locator('[data-account]')).toHaveCount(1);
  await expect(guest.locator(`[data-account="${account}"]`)).toBeVisible();

  // Whoever has a role that is deleted gets another one.
  await page.goto('/settings/roles');
  await press(page.getByRole('button', { name: 'Delete the role Client' }));
  const deletion = page.getByRole('alertdialog', { name: 'Delete the role Client' });
  await choose(deletion.getByLabel('What they get instead'), 'Author');
  await accessible(page, 'settings-role-delete');
  await press(deletion.getByRole('button', { name: 'Delete' }));
  await expect(page.locator('[data-role="Client"]')).toHaveCount(0);
  await page.goto('/settings/members');
  await expect(row).toContainText('Author · Client A');

  await press(page.getByRole('button', { name: 'Change Grace Hopper' }));
  await choose(role, 'Admin');
  await press(change.getByRole('radio', { name: 'Only the accounts of some groups' }), 'ArrowUp');
  await press(change.getByRole('button', { name: 'Save' }));
  await expect(row).toContainText('Admin · All accounts');
  await guest.goto('/settings/members');
  await expect(guest.getByRole('button', { name: 'Invite', exact: true })).toBeVisible();

  await press(page.getByRole('button', { name: 'Remove Grace Hopper' }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }));
  await expect(row).toHaveCount(0);
  await guest.goto('/posts');
  await expect(guest).toHaveURL(/tenants\/new/);
  await guest.context().close();
});

test('somebody leaves a workspace for the one that is their own', async ({ page, browser }) => {
  test.slow();
  await arrive(page, 'Analytical Engines');
  const guest = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', hasTouch: true })).newPage();
  const email = await arrive(guest, 'Compilers');
  await page.goto('/settings/members');
  await invite(page, email);
  await expect(page.locator(`[data-invitation="${email}"]`)).toBeVisible();
  await guest.goto(await newestLink(guest.request, email, 'invitation'));
  await accessible(guest, 'invitation-signed-in');
  await fitsPhoneToo(guest, 'invitation-signed-in');
  await press(guest.getByRole('button', { name: 'Accept' }));
  await expect(guest.getByRole('button', { name: 'Workspace Analytical Engines, switch' })).toBeVisible();

  // A viewer does not see the members.
  await guest.goto('/settings/members');
  await expect(guest.getByText('Your role does not show you who else is a member.')).toBeVisible();
  await accessible(guest, 'settings-members-hidden');
  await press(guest.getByRole('button', { name: 'Leave', exact: true }));
  const question = guest.getByRole('alertdialog', { name: 'Leave Analytical Engines?' });
  await accessible(guest, 'settings-leave');
  await fitsPhoneToo(guest, 'settings-leave');
  await press(question.getByRole('button', { name: 'Leave' }));
  await expect(guest.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  await expect(guest.getByRole('button', { name: 'Workspace Compilers, switch' })).toBeVisible();
  await guest.context().close();

  // Whoever owns it alone cannot.
  await page.reload();
  await expect(page.locator('[data-member]')).toHaveCount(1);
  await press(page.getByRole('button', { name: 'Leave', exact: true }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }));
  await expect(page.getByRole('alert')).toContainText('owner');
});

/** Answers the next invitation as the server does ten minutes after the last proof. */
async function askForProof(page: Page): Promise<void> {
  const problem = { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'insufficient_user_authentication', detail: 'prove again who you are', instance: 'r', errors: [] };
  await page.route('**/v1/invitations', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) }), { times: 1 });
}

test('an act that needs a proof goes on once it is given', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  const email = `${unique('grace')}@example.com`;
  await askForProof(page);
  await page.goto('/settings/members');
  await invite(page, email);

  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await expect(proof.getByLabel('Your password')).toBeFocused();
  await accessible(page, 'proof');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(proof).toBeHidden();
  await expect(page.locator(`[data-invitation="${email}"]`)).toBeVisible();
  await press(page.getByRole('button', { name: `Withdraw the invitation to ${email}` }));
  await expect(page.locator(`[data-invitation="${email}"]`)).toHaveCount(0);
});

test('roles and account groups are made, changed and deleted', async ({ page }) => {
  const rename = async (before: string, after: string) => {
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue(before);
    await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(after);
  };
  await arrive(page, 'Analytical Engines');
  const account = unique('ada');
  await connectPlayground(page, account);
  await page.goto('/settings/roles');
  await press(page.getByRole('button', { name: 'New role' }));
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('Client');
  await press(page.getByLabel('Write drafts'), 'Space');
  await accessible(page, 'settings-role');
  await press(page.getByLabel('Name', { exact: true }));
  const role = page.locator('[data-role="Client"]');
  await expect(role).toContainText('What it allows (5)');
  await press(page.getByRole('button', { name: 'New role' }));
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('client');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('another one has this name', { ignoreCase: true });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await press(page.getByRole('button', { name: 'New account group' }));
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('Client A');
  await press(page.getByRole('checkbox', { name: account }), 'Space');
  await accessible(page, 'settings-group');
  await press(page.getByLabel('Name', { exact: true }));
  await expect(page.locator('[data-group="Client A"]')).toContainText('Accounts: 1');

  await press(page.getByRole('button', { name: 'Change the role Client' }));
  await rename('Client', 'Agency');
  await press(page.getByLabel('Write drafts'), 'Space');
  await press(page.getByRole('button', { name: 'Save' }));
  await expect(role).toHaveCount(0);
  const renamed = page.locator('[data-role="Agency"]');
  await expect(renamed).toContainText('What it allows (4)');
  await press(page.getByRole('button', { name: 'Change the group Client A' }));
  await rename('Client A', 'Client B');
  await press(page.getByRole('checkbox', { name: account }), 'Space');
  await press(page.getByRole('button', { name: 'Save' }));
  await expect(page.locator('[data-group="Client B"]')).toContainText('Accounts: 0');

  await press(page.getByRole('button', { name: 'Delete the role Agency' }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }));
  await expect(renamed).toHaveCount(0);
  await press(page.getByRole('button', { name: 'Delete the group Client B' }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }));
  await expect(page.locator('[data-group]')).toHaveCount(0);
});

test('a workspace is set up and deleted', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await page.goto('/settings/workspace');
  await expect(page.getByText('0 of 100', { exact: true })).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('Difference Engines');
  await page.getByLabel('Weeks begin on').selectOption('Sunday');
  await press(page.getByLabel('Name', { exact: true }));
  await expect(page.getByRole('button', { name: 'Workspace Difference Engines, switch' })).toBeVisible();
  await page.getByLabel('Languages').fill('en, nonsense!');
  await press(page.getByLabel('Languages'));
  await expect(page.getByText('Use language tags such as en or pt-BR').first()).toBeVisible();
  await page.getByLabel('Languages').fill('en, de-AT');
  await press(page.getByLabel('Languages'));
  await expect(page.getByText('New posts at Bluesky have these from now on.').first()).toBeAttached();
  await page.reload();
  await expect(page.getByLabel('Languages')).toHaveValue('en, de-AT');
  await page.goto('/calendar');
  await expect(page.getByTestId('calendar').getByRole('columnheader').first()).toContainText('Sun');

  await page.goto('/settings/workspace');
  await press(page.getByRole('button', { name: 'Delete the workspace' }));
  const dialog = page.getByRole('alertdialog');
  await accessible(page, 'settings-delete');
  await dialog.getByLabel('Type Difference Engines to confirm').fill('Difference Engines');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/tenants\/new/);
});

test('a workspace takes requests from certain addresses, and wants newer sign-ins, all by keyboard', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await page.goto('/settings/workspace');
  const addresses = page.getByRole('form', { name: 'Allowed addresses' });
  const own = addresses.getByTestId('own-address');
  await expect(own).toContainText('It gets in.');
  await press(addresses.getByRole('button', { name: 'Add a range' }));
  await expect(addresses.getByLabel('Address or range')).toBeFocused();
  await addresses.getByLabel('Address or range').fill('203.0.113.0/24');
  await expect(own).toContainText('add it, or you lock yourself out');
  await press(addresses.getByLabel('Note'));
  await expect(addresses.getByRole('alert')).toContainText('else you lock yourself out');
  await accessible(page, 'settings-addresses');
  await press(addresses.getByRole('button', { name: 'Add my address' }));
  await expect(own).toContainText('It gets in.');
  await press(addresses.getByRole('button', { name: 'Save the list' }));
  await expect(page.getByText('The security settings are saved.').first()).toBeAttached();
  await expect(addresses.getByLabel('Address or range')).toHaveCount(2);

  const times = page.getByRole('form', { name: 'Sign-ins' });
  await times.getByLabel('At the latest after').selectOption('12 hours');
  await times.getByLabel('After no use for').selectOption('30 minutes');
  await press(times.getByRole('button', { name: 'Save the times' }));
  await expect(times.getByLabel('At the latest after')).toHaveValue('12');
  await page.reload();
  await expect(times.getByLabel('After no use for')).toHaveValue('30');

  // As the server tells somebody who is elsewhere.
  const posts = /\/v1\/posts(\?|$)/;
  await page.route(posts, (route) => route.fulfill({
    status: 403,
    contentType: 'application/problem+json',
    body: JSON.stringify({ code: 'address_not_allowed', detail: 'Analytical Engines takes requests from certain addresses only' })
  }));
  await press(page.getByRole('link', { name: 'Posts' }).first());
  await expect(page.getByRole('heading', { name: 'Analytical Engines is closed to this address' })).toBeVisible();
  await accessible(page, 'elsewhere');
  await press(page.getByRole('button', { name: 'Change the list' }));
  await expect(addresses.getByLabel('Address or range')).toHaveCount(2);
  await fitsPhoneToo(page, 'elsewhere');
  await page.unroute(posts);
  await press(page.getByRole('button', { name: 'Try again' }));
  await expect(page.getByRole('heading', { name: 'Posts', exact: true })).toBeVisible();
});

test('a workspace names an encryption key of its own, and goes back, all by keyboard', async ({ page }) => {
  // The one that a local run has beside its own.
  const key = 'arn:aws:kms:local:000000000000:key/00000000-0000-4000-8000-000000000001';
  await arrive(page, 'Analytical Engines');
  await page.goto('/settings/workspace');
  const card = page.getByTestId('encryption-key');
  await expect(card).toContainText('The key of this product');
  await press(card.getByText('What the policy of your key must allow'));
  await expect(card.getByText('kms:EncryptionContext')).toBeVisible();
  // Where it is too wide it scrolls, by keyboard, too.
  await page.setViewportSize({ width: 360, height: 740 });
  await accessible(page, 'settings-key-statement');
  await fitsPhone(page, 'settings-key-statement');
  await page.setViewportSize({ width: 1280, height: 860 });
  const arn = card.getByLabel('ARN of your key');
  const confirm = (name: string) => press(page.getByRole('alertdialog').getByRole('button', { name }));

  await arn.fill('arn:aws:kms:local:000000000000:alias/ours');
  await press(arn);
  await confirm('Use this key');
  await expect(card.getByRole('alert')).toBeVisible();
  await accessible(page, 'settings-key-refused');
  await arn.fill(key);
  await press(arn);
  await confirm('Use this key');
  await expect(card).toContainText(key);
  await expect(card.getByRole('alert')).toHaveCount(0);

  await press(card.getByRole('button', { name: "Go back to the product's key" }));
  await confirm("Go back to the product's key");
  await expect(card).toContainText('The key of this product');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the settings with something in them fit 360 pixels', async ({ page }) => {
    await arrive(page, 'A workspace with quite a long name for a phone');
    const account = unique('an-account-with-a-long-name');
    await connectPlayground(page, account);
    await ownRoleAndGroup(page, account);
    await page.goto('/settings/members');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('radio', { name: 'Only the accounts of some groups' }).check();
    await accessible(page, 'settings-invite');
    await fitsPhone(page, 'settings-invite');
    await page.keyboard.press('Escape');
    await askForProof(page);
    const guest = `${unique('somebody-with-quite-a-long-address')}@subdomain.example.com`;
    await invite(page, guest);
    await expect(page.getByLabel('Your password')).toBeFocused();
    await fitsPhone(page, 'proof');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await expect(page.locator('[data-invitation]')).toHaveCount(1);
    await fitsPhone(page, 'settings-members-full');
    await page.getByRole('button', { name: 'Change Ada Lovelace' }).click();
    await page.getByLabel('Role').selectOption('Client');
    await page.getByRole('radio', { name: 'Only the accounts of some groups' }).check();
    await expect(page.getByText('They have none.')).toBeVisible();
    await fitsPhone(page, 'settings-member');
    await page.keyboard.press('Escape');
    // As the server tells of a role that people have.
    await page.route('**/v1/roles', async (route) => {
      const answer = await route.fetch();
      const { items } = (await answer.json()) as { items: object[] };
      await route.fulfill({ response: answer, json: { items: items.map((role) => ({ ...role, members: 12 })) } });
    });
    await page.goto('/settings/roles');
    await page.getByRole('button', { name: 'Delete the role Client' }).click();
    await expect(page.getByLabel('What they get instead')).toBeVisible();
    await fitsPhone(page, 'settings-role-delete');
    await page.keyboard.press('Escape');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.getByRole('button', { name: 'New role' }).click();
    await page.getByLabel('Name', { exact: true }).fill('A role with quite a long name for such a phone');
    await fitsPhone(page, 'settings-role');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.locator('[data-role^="A role"]')).toBeVisible();
    await page.getByRole('button', { name: 'New account group' }).click();
    await fitsPhone(page, 'settings-group');
    await page.goto('/settings/workspace');
    await page.getByRole('button', { name: 'Add my address' }).click();
    await fitsPhone(page, 'settings-addresses');
    await page.getByRole('button', { name: 'Delete the workspace' }).click();
    await fitsPhone(page, 'settings-delete');
    // Whoever is invited looks at it before they sign in.
    await page.context().clearCookies();
    await page.goto(await newestLink(page.request, guest, 'invitation'));
    await expect(page.getByText('invites you to work with')).toBeVisible();
    await fitsPhone(page, 'invitation-open');
  });
});
