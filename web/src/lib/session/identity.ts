import * as v from 'valibot';
import { ApiProblem } from '$lib/api/problem';
import { m } from '$lib/paraglide/messages.js';

/** The server asks for the same length; here it only saves a round trip. */
export const PASSWORD_MIN = 15;

const email = v.pipe(v.string(), v.trim(), v.email(() => m.email_invalid()));

export const SignIn = v.object({
  email,
  password: v.pipe(v.string(), v.nonEmpty(() => m.password_required()))
});

const chosen = v.pipe(v.string(), v.minLength(PASSWORD_MIN, () => m.password_short({ min: PASSWORD_MIN })));

export const Address = v.object({ email });

export const NewPassword = v.object({ password: chosen });

export const ChangedPassword = v.object({
  current_password: v.pipe(v.string(), v.nonEmpty(() => m.password_required())),
  new_password: chosen
});

export const Registration = v.object({
  name: v.pipe(v.string(), v.trim(), v.nonEmpty(() => m.name_required())),
  email,
  password: chosen
});

/** The parsed form, or a problem of the shape that the server would have answered. */
export function parseForm<S extends v.GenericSchema>(schema: S, form: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, form);
  if (result.success) return result.output;
  throw new ApiProblem(
    422,
    'invalid_request',
    m.error_summary_title(),
    result.issues.map((issue) => ({
      pointer: `/${(v.getDotPath(issue) ?? '').replaceAll('.', '/')}`,
      code: issue.type,
      message: issue.message
    }))
  );
}
