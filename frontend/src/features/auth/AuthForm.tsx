// The form itself. Invariant: what the server refuses is said beside the field it concerns, and nothing typed is lost.
import { useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Eye, EyeOff } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { asApiError, type ApiError } from "@/lib/api/client";
import { auth } from "@/lib/api/endpoints";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useSession } from "@/lib/session/store";
import { checkCredentials, type Credentials, type CredentialProblems, type Mode } from "./validate";
import styles from "./AuthForm.module.css";

/** Asks for the set-up token of a server that lets anyone sign up; where registration is closed, the refusal does. */
const tokenHash = "#set-up";

export function AuthForm({ mode }: { mode: Mode }) {
  const { t } = useTranslation();
  const signedIn = useSession((state) => state.signedIn);
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Credentials>({ email: "", password: "", name: "", setupToken: "" });
  const [problems, setProblems] = useState<CredentialProblems>({});
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const [tokenWanted, setTokenWanted] = useState(window.location.hash === tokenHash);

  const set = (field: keyof Credentials, value: string) => {
    setValues({ ...values, [field]: value });
    setProblems({});
  };

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (busy) return;
    const found = checkCredentials(mode, values);
    setProblems(found);
    setRefusal(null);
    const first = found.email ? "email" : found.password ? "password" : null;
    if (first) {
      form.current?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
      return;
    }
    setBusy(true);
    const { email, password, name, setupToken } = values;
    try {
      signedIn(await (mode === "signIn" ? auth.login(email.trim(), password) : auth.register(email.trim(), password, name.trim(), setupToken.trim())));
    } catch (cause) {
      const error = asApiError(cause);
      setRefusal(error);
      if (error.code === "registration_closed") setTokenWanted(true);
    } finally {
      setBusy(false);
    }
  };

  const fieldError = (field: string) => refusal?.fields.find((one) => one.field === field)?.message;
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
        error={problems.email ? t(problems.email) : fieldError("email")}
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
        type={shown ? "text" : "password"}
        autoComplete={mode === "signIn" ? "current-password" : "new-password"}
        required
        value={values.password}
        hint={mode === "signUp" ? t("auth.passwordHint") : undefined}
        error={problems.password ? t(problems.password) : fieldError("password")}
        onChange={(event) => set("password", event.target.value)}
        adornment={
          <IconButton label={t(shown ? "auth.hidePassword" : "auth.showPassword")} onClick={() => setShown(!shown)}>
            {shown ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
          </IconButton>
        }
      />
      {mode === "signUp" && tokenWanted && (
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
      <Refusal refusal={refusal} />
      <Button kind="accent" type="submit" className={styles.submit} aria-disabled={busy} data-testid="auth-submit">
        {busy ? t("auth.working") : label}
      </Button>
    </form>
  );
}

function Refusal({ refusal }: { refusal: ApiError | null }) {
  const { t } = useTranslation();
  const text = useErrorText(refusal);
  const own = {
    invalid_credentials: "auth.error.invalid_credentials",
    email_taken: "auth.error.email_taken",
    invalid_setup_token: "auth.error.invalid_setup_token",
    registration_closed: "auth.error.registration_closed",
  } as const;
  const key = refusal && Object.hasOwn(own, refusal.code) ? own[refusal.code as keyof typeof own] : null;
  return (
    <p className={styles.refusal} role="alert">
      {key ? t(key) : text}
    </p>
  );
}
