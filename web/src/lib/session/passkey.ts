import type { PasskeyAsked, PasskeyMade } from '$lib/api/types';

/**
 * Whether this browser has passkeys for this site. It has none for bare addresses: a local run has them under
 * `localhost`.
 */
export function hasPasskeys(): boolean {
  return 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Whether the person turned away from the browser's question; then there is nothing to be told. */
export function isCancelled(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError');
}

/** Whether what they chose to keep the passkey has one of this account already. */
export function isKnown(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'InvalidStateError';
}

/** Makes a passkey as the server asks for it; what the server wants to know of it. */
export async function create(options: PasskeyMade['options']): Promise<PasskeyMade['registration']> {
  const made = await navigator.credentials.create({
    publicKey: {
      ...(options as unknown as PublicKeyCredentialCreationOptions),
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map(descriptor)
    }
  });
  const credential = made as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    credential: text(credential.rawId),
    client_data: text(response.clientDataJSON),
    attestation: text(response.attestationObject),
    transports: response.getTransports()
  };
}

/** Signs with a passkey as the server asks for it; the proof. */
export async function sign(options: PasskeyAsked['options']): Promise<PasskeyAsked['assertion']> {
  const found = await navigator.credentials.get({
    publicKey: {
      ...(options as unknown as PublicKeyCredentialRequestOptions),
      challenge: bytes(options.challenge),
      allowCredentials: options.allowCredentials.map(descriptor)
    }
  });
  const credential = found as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    credential: text(credential.rawId),
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
    ...(response.userHandle ? { user_handle: text(response.userHandle) } : {})
  };
}

function descriptor({ id, transports }: { id: string; transports: string[] }): PublicKeyCredentialDescriptor {
  return { type: 'public-key', id: bytes(id), ...(transports.length > 0 ? { transports: transports as AuthenticatorTransport[] } : {}) };
}

/** Base64url without padding, as the API writes bytes. */
function bytes(written: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(written.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
