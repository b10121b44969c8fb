// Names for the shapes of the contract, taken from its operations (not from schema names, which may move).
import type { paths } from './schema';

type Ok<Operation, Status extends number> = Operation extends {
  responses: Record<Status, { content: { 'application/json': infer Body } }>;
}
  ? Body
  : never;
type Sent<Operation> = Operation extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

export type Me = Ok<paths['/v1/me']['get'], 200>;
export type Network = Ok<paths['/v1/networks']['get'], 200>['items'][number];
export type Account = Ok<paths['/v1/accounts']['get'], 200>['items'][number];
export type Media = Ok<paths['/v1/media/{id}']['get'], 200>;
export type Upload = NonNullable<Ok<paths['/v1/media']['post'], 201>['upload']> & {
  /** Set where the storage takes a form instead of the bare bytes. */
  fields?: Record<string, string>;
};
export type Post = Ok<paths['/v1/posts/{id}']['get'], 200>;
export type Target = Post['targets'][number];
export type Card = Ok<paths['/v1/posts']['get'], 200>['items'][number];
export type NewPost = Sent<paths['/v1/posts']['post']>;
export type When = NewPost['when'];
export type DryRun = Ok<paths['/v1/posts']['post'], 200>;
export type Violation = DryRun['violations'][number];
export type TimelineItem = Ok<paths['/v1/posts/{id}/timeline']['get'], 200>['items'][number];
export type TargetState = Target['state'];
export type PostState = Post['state'];
export type Member = Ok<paths['/v1/members']['get'], 200>['items'][number];
export type OwnMembership = Ok<paths['/v1/members/me']['get'], 200>;
export type Invitation = Ok<paths['/v1/invitations']['get'], 200>['items'][number];
export type InvitationPreview = Ok<paths['/v1/invitations/preview']['post'], 200>;
export type Role = Ok<paths['/v1/roles']['get'], 200>['items'][number];
export type AccountGroup = Ok<paths['/v1/account-groups']['get'], 200>['items'][number];
export type AuditEntry = Ok<paths['/v1/audit']['get'], 200>['items'][number];
export type DeletedTenant = Ok<paths['/v1/tenants/deleted']['get'], 200>['items'][number];
export type SupportConsent = Ok<paths['/v1/tenants/{id}/support-consent']['get'], 200>;
export type Tenant = Ok<paths['/v1/tenants/{id}']['get'], 200>;
export type TenantSecurity = Ok<paths['/v1/tenants/{id}/security']['get'], 200>;
export type SecurityEdit = Sent<paths['/v1/tenants/{id}/security']['patch']>;
export type ApiKey = Ok<paths['/v1/api-keys']['get'], 200>['items'][number];
export type NewApiKey = Ok<paths['/v1/api-keys']['post'], 201>;
export type Export = Ok<paths['/v1/exports']['get'], 200>['items'][number];
export type ExportVolume = Ok<paths['/v1/exports/{id}/links']['post'], 200>['items'][number];
export type Import = Ok<paths['/v1/imports']['get'], 200>['items'][number];
/** What a browser is asked to make a passkey of, and what it answers. */
export interface PasskeyMade {
  options: Ok<paths['/v1/me/passkeys/options']['post'], 200>;
  registration: Sent<paths['/v1/me/passkeys']['post']>['registration'];
}
/** What a passkey is asked to sign, and what it answers. */
export interface PasskeyAsked {
  options: Ok<paths['/v1/auth/passkey/options']['post'], 200>;
  assertion: Sent<paths['/v1/auth/passkey']['post']>['assertion'];
}
export type Proof = Sent<paths['/v1/auth/reauthenticate']['post']>;
