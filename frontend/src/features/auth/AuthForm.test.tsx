// Tests the sign-up form: when it asks for the setup token, and that an error keeps the input.
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { auth } from "@/lib/api/endpoints";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { AuthForm } from "./AuthForm";

beforeAll(setupI18n);

afterEach(() => {
  cleanup();
  window.location.hash = "";
});

const token = () => screen.queryByLabelText("Setup token");

function fill() {
  fireEvent.change(screen.getByLabelText("Email"), { target: { value: "lin@example.com" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "correct horse" } });
}

it("hides the setup token by default", () => {
  render(<AuthForm mode="signUp" />, { wrapper: appWrapper() });
  expect(token()).toBeNull();
});

it("asks for the setup token when registration is closed, and keeps the input", async () => {
  const register = vi.spyOn(auth, "register").mockRejectedValue(new ApiError({ status: 403, code: "registration_closed" }));
  render(<AuthForm mode="signUp" />, { wrapper: appWrapper() });
  fill();
  fireEvent.click(screen.getByTestId("auth-submit"));
  const field = await screen.findByLabelText("Setup token");
  expect(screen.getByRole("alert").textContent).toMatch(/Sign-up is closed/);
  expect(screen.getByLabelText("Email")).toHaveProperty("value", "lin@example.com");
  fireEvent.change(field, { target: { value: "once" } });
  fireEvent.click(screen.getByTestId("auth-submit"));
  expect(register).toHaveBeenLastCalledWith({ email: "lin@example.com", password: "correct horse", setupToken: "once" });
  expect(token()).not.toBeNull();
});

it("shows the setup token at #set-up", () => {
  window.location.hash = "#set-up";
  render(<AuthForm mode="signUp" />, { wrapper: appWrapper() });
  expect(token()).not.toBeNull();
});
