// Validates credentials before they are sent. Invariant: never stricter than the server.
import { countCharacters } from "@/lib/text";

export interface Credentials {
  email: string;
  password: string;
  name: string;
  setupToken: string;
}

export type Mode = "signIn" | "signUp";

export interface CredentialErrors {
  email?: "auth.error.email";
  password?: "auth.error.password" | "auth.error.passwordMissing";
}

export function validateCredentials(mode: Mode, { email, password }: Credentials): CredentialErrors {
  const problems: CredentialErrors = {};
  if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) problems.email = "auth.error.email";
  const length = countCharacters(password);
  if (mode === "signUp" && (length < 8 || length > 128)) problems.password = "auth.error.password";
  else if (length === 0) problems.password = "auth.error.passwordMissing";
  return problems;
}
