import { requireTenant } from '$lib/session/guard';

export const load = ({ url }) => requireTenant(url);
