import { api, unwrap } from '$lib/api/client';
import type { Me } from '$lib/api/types';

/** Who is signed in, and for which tenant. Filled by the layout of the signed-in pages. */
class Session {
  me = $state.raw<Me | null>(null);
  #refused = $state.raw<{ tenant: string | null | undefined; why: string } | null>(null);

  get tenant(): Me['tenants'][number] | null {
    const { me } = this;
    if (me?.support) return { id: me.tenant_id ?? '', name: me.support.tenant_name, role: 'support', requires_second_factor: false };
    return me?.tenants.find((tenant) => tenant.id === me.tenant_id) ?? null;
  }

  /** Whether the person may write here, as far as that is not for the server to say: support only reads. */
  get writes(): boolean {
    return !this.me?.support;
  }

  /** Whether the tenant keeps the person out until they have a second factor. */
  get isLockedOut(): boolean {
    return this.tenant?.requires_second_factor === true && this.me?.has_second_factor === false;
  }

  /** Why the tenant takes nothing from where the person is, since it last said so. */
  get elsewhere(): string | null {
    return this.#refused?.tenant === this.me?.tenant_id ? (this.#refused?.why ?? null) : null;
  }
  set elsewhere(why: string | null) {
    this.#refused = why === null ? null : { tenant: this.me?.tenant_id, why };
  }

  async load(): Promise<Me> {
    this.me = await unwrap(api.GET('/v1/me'));
    return this.me;
  }

  async signIn(email: string, password: string, code?: string): Promise<Me> {
    this.me = await unwrap(
      api.POST('/v1/auth/login', { body: { email, password, mode: 'cookie', ...(code ? { code } : {}) } })
    );
    return this.me;
  }

  async switchTo(tenantId: string): Promise<Me> {
    this.me = await unwrap(api.POST('/v1/auth/switch', { body: { tenant_id: tenantId } }));
    return this.me;
  }

  async signOut(): Promise<void> {
    await unwrap(api.POST('/v1/auth/logout'));
    this.me = null;
  }
}

export const session = new Session();
