import { requireSession } from '$lib/session/guard';

export const load = ({ url }) => requireSession(url);
