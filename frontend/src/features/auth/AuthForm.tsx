// The sign-in and sign-up form. Invariant: server errors appear beside the field they concern, and no input is lost.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Eye, EyeOff } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import type { ApiError } from "@/lib/api/client";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useAuthForm } from "./useAuthForm";
import type { Mode } from "./validateCredentials";
import styles from "./AuthForm.module.css";

export function AuthForm({ mode }: { mode: Mode }) {
  const { t } = useTranslation();
  const { values, set, errors, error, isPending, setupTokenVisible, formRef, submit } = useAuthForm(mode);
  const fieldError = (field: string) => error?.fields.find((one) => one.field === field)?.message;
  const label = t(mode === "signIn" ? "auth.signIn" : "auth.signUp");
  return (
    <form ref={formRef} className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
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
      <PasswordField
        mode={mode}
        value={values.password}
        error={errors.password ? t(errors.password) : fieldError("password")}
        onChange={(value) => set("password", value)}
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
      <Button kind="accent" type="submit" className={styles.submit} aria-disabled={isPending} data-testid="auth-submit">
        {isPending ? t("auth.submitting") : label}
      </Button>
    </form>
  );
}

interface PasswordFieldProps {
  mode: Mode;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function PasswordField({ mode, value, error, onChange }: PasswordFieldProps) {
  const { t } = useTranslation();
  const [visible, setVisible] = useState(false);
  return (
    <Field
      label={t("auth.password")}
      name="password"
      type={visible ? "text" : "password"}
      autoComplete={mode === "signIn" ? "current-password" : "new-password"}
      required
      value={value}
      hint={mode === "signUp" ? t("auth.passwordHint") : undefined}
      error={error}
      onChange={(event) => onChange(event.target.value)}
      adornment={
        <IconButton label={t(visible ? "auth.hidePassword" : "auth.showPassword")} onClick={() => setVisible(!visible)}>
          {visible ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
        </IconButton>
      }
    />
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
