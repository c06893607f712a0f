// The sign-in and sign-up form. Invariant: server errors appear beside the field they concern, and no input is lost.
import { useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Eye, EyeOff } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { asApiError, type ApiError } from "@/lib/api/client";
import { auth } from "@/lib/api/endpoints";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useSession } from "@/lib/session/store";
import { validateCredentials, type CredentialErrors, type Credentials, type Mode } from "./validateCredentials";
import styles from "./AuthForm.module.css";

/** Shows the setup token's field on a server with open registration. With closed registration the server's error shows it. */
const setupTokenHash = "#set-up";

export function AuthForm({ mode }: { mode: Mode }) {
  const { t } = useTranslation();
  const signedIn = useSession((state) => state.signedIn);
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Credentials>({ email: "", password: "", name: "", setupToken: "" });
  const [errors, setErrors] = useState<CredentialErrors>({});
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [passwordVisible, setPasswordVisible] = useState(false);
  const [setupTokenVisible, setSetupTokenVisible] = useState(window.location.hash === setupTokenHash);

  const set = (field: keyof Credentials, value: string) => {
    setValues({ ...values, [field]: value });
    setErrors({});
  };

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (busy) return;
    const invalid = validateCredentials(mode, values);
    setErrors(invalid);
    setError(null);
    const firstInvalid = invalid.email ? "email" : invalid.password ? "password" : null;
    if (firstInvalid) {
      form.current?.querySelector<HTMLInputElement>(`[name="${firstInvalid}"]`)?.focus();
      return;
    }
    setBusy(true);
    const { email, password, name, setupToken } = values;
    try {
      signedIn(await (mode === "signIn" ? auth.login(email.trim(), password) : auth.register(email.trim(), password, name.trim(), setupToken.trim())));
    } catch (cause) {
      const error = asApiError(cause);
      setError(error);
      if (error.code === "registration_closed") setSetupTokenVisible(true);
    } finally {
      setBusy(false);
    }
  };

  const fieldError = (field: string) => error?.fields.find((one) => one.field === field)?.message;
  const label = t(mode === "signIn" ? "auth.signIn" : "auth.signUp");
  return (
    <form ref={form} className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <Field
        label={t("auth.email")}
        name="email"
        type="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={values.email}
        error={errors.email ? t(errors.email) : fieldError("email")}
        onChange={(event) => set("email", event.target.value)}
      />
      {mode === "signUp" && (
        <Field
          label={t("auth.name")}
          name="name"
          autoComplete="name"
          value={values.name}
          error={fieldError("name")}
          onChange={(event) => set("name", event.target.value)}
        />
      )}
      <Field
        label={t("auth.password")}
        name="password"
        type={passwordVisible ? "text" : "password"}
        autoComplete={mode === "signIn" ? "current-password" : "new-password"}
        required
        value={values.password}
        hint={mode === "signUp" ? t("auth.passwordHint") : undefined}
        error={errors.password ? t(errors.password) : fieldError("password")}
        onChange={(event) => set("password", event.target.value)}
        adornment={
          <IconButton label={t(passwordVisible ? "auth.hidePassword" : "auth.showPassword")} onClick={() => setPasswordVisible(!passwordVisible)}>
            {passwordVisible ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
          </IconButton>
        }
      />
      {mode === "signUp" && setupTokenVisible && (
        <Field
          label={t("auth.setupToken")}
          hint={t("auth.setupTokenHint")}
          name="setupToken"
          autoComplete="off"
          spellCheck={false}
          value={values.setupToken}
          error={fieldError("setupToken")}
          onChange={(event) => set("setupToken", event.target.value)}
        />
      )}
      <AuthError error={error} />
      <Button kind="accent" type="submit" className={styles.submit} aria-disabled={busy} data-testid="auth-submit">
        {busy ? t("auth.submitting") : label}
      </Button>
    </form>
  );
}

function AuthError({ error }: { error: ApiError | null }) {
  const { t } = useTranslation();
  const text = useErrorText(error);
  const authErrorKeys = {
    invalid_credentials: "auth.error.invalid_credentials",
    email_taken: "auth.error.email_taken",
    invalid_setup_token: "auth.error.invalid_setup_token",
    registration_closed: "auth.error.registration_closed",
  } as const;
  const key = error && Object.hasOwn(authErrorKeys, error.code) ? authErrorKeys[error.code as keyof typeof authErrorKeys] : null;
  return (
    <p className={styles.error} role="alert">
      {key ? t(key) : text}
    </p>
  );
}
