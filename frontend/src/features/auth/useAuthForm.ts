// The state of the sign-in and sign-up form, and its submission.
import { useRef, useState, type RefObject, type SyntheticEvent } from "react";
import { asApiError, type ApiError } from "@/lib/api/client";
import { auth } from "@/lib/api/endpoints";
import { useSession } from "@/lib/session/store";
import { validateCredentials, type CredentialErrors, type Credentials, type Mode } from "./validateCredentials";

/** Shows the setup token's field on a server with open registration. With closed registration the server's error shows it. */
const setupTokenHash = "#set-up";

interface AuthFormState {
  values: Credentials;
  set: (field: keyof Credentials, value: string) => void;
  /** What the form's own validation found. */
  errors: CredentialErrors;
  /** The server's error. */
  error: ApiError | null;
  isPending: boolean;
  setupTokenVisible: boolean;
  formRef: RefObject<HTMLFormElement | null>;
  submit: (event: SyntheticEvent) => Promise<void>;
}

export function useAuthForm(mode: Mode): AuthFormState {
  const signedIn = useSession((state) => state.signedIn);
  const formRef = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Credentials>({ email: "", password: "", name: "", setupToken: "" });
  const [errors, setErrors] = useState<CredentialErrors>({});
  const [error, setError] = useState<ApiError | null>(null);
  const [isPending, setIsPending] = useState(false);
  const [setupTokenVisible, setSetupTokenVisible] = useState(window.location.hash === setupTokenHash);

  const set = (field: keyof Credentials, value: string) => {
    setValues({ ...values, [field]: value });
    setErrors({});
  };

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (isPending) return;
    const found = validateCredentials(mode, values);
    setErrors(found);
    setError(null);
    const firstInvalid = found.email ? "email" : found.password ? "password" : null;
    if (firstInvalid) {
      formRef.current?.querySelector<HTMLInputElement>(`[name="${firstInvalid}"]`)?.focus();
      return;
    }
    setIsPending(true);
    try {
      signedIn(await authenticate(mode, values));
    } catch (cause) {
      const failure = asApiError(cause);
      setError(failure);
      if (failure.code === "registration_closed") setSetupTokenVisible(true);
    } finally {
      setIsPending(false);
    }
  };
  return { values, set, errors, error, isPending, setupTokenVisible, formRef, submit };
}

function authenticate(mode: Mode, { email, password, name, setupToken }: Credentials) {
  if (mode === "signIn") return auth.login(email.trim(), password);
  return auth.register({
    email: email.trim(),
    password,
    ...(name.trim() && { name: name.trim() }),
    ...(setupToken.trim() && { setupToken: setupToken.trim() }),
  });
}
