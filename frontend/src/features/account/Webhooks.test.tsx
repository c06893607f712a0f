// Tests webhooks on the account page: the secret that is shown once, rejected addresses, and the log of deliveries.
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { webhooks } from "@/lib/api/endpoints";
import type { Webhook, WebhookDelivery } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { Webhooks } from "./Webhooks";

const webhook: Webhook = {
  id: "w1",
  name: "Render farm",
  url: "https://farm.example.com/hook",
  events: ["video.completed"],
  enabled: true,
  disabledReason: null,
  failingSince: null,
  previousSecretUntil: null,
  createdAt: "2026-01-01T00:00:00Z",
};

const delivery: WebhookDelivery = {
  id: "d1",
  eventId: "evt_1",
  eventType: "video.completed",
  jobId: "job-1",
  status: "failed",
  attempts: 8,
  nextAttemptAt: null,
  lastAttemptAt: "2026-01-01T00:00:00Z",
  durationMs: 12,
  responseStatus: 500,
  responseBody: "<b>broken</b>",
  error: "status 500",
  createdAt: "2026-01-01T00:00:00Z",
  finishedAt: "2026-01-01T00:00:00Z",
};

beforeAll(setupI18n);

beforeEach(() => {
  vi.spyOn(webhooks, "list").mockResolvedValue({ data: [webhook] });
  vi.spyOn(webhooks, "deliveries").mockResolvedValue({ data: [delivery], nextCursor: null });
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const createWebhook = async (url: string) => {
  fireEvent.click(await screen.findByTestId("webhook-new"));
  fireEvent.change(screen.getByLabelText("Address"), { target: { value: url } });
  fireEvent.click(screen.getByTestId("webhook-create"));
};

it("shows the secret of a new webhook once", async () => {
  const create = vi.spyOn(webhooks, "create").mockResolvedValue({ ...webhook, secret: "whsec_once" });
  render(<Webhooks />, { wrapper: appWrapper() });
  await createWebhook(" https://farm.example.com/hook ");
  expect((await screen.findByTestId("webhook-secret")).textContent).toBe("whsec_once");
  expect(create.mock.calls[0]?.[0]).toEqual({
    url: "https://farm.example.com/hook",
    name: null,
    events: ["video.completed", "video.failed", "video.cancelled"],
  });
  fireEvent.click(screen.getByText("Done"));
  expect(screen.queryByText("whsec_once")).toBeNull();
});

it("says that an address cannot be called", async () => {
  const errors = [{ field: "url", code: "forbidden_address", message: "" }];
  vi.spyOn(webhooks, "create").mockRejectedValue(new ApiError({ status: 422, code: "invalid_fields", errors }));
  render(<Webhooks />, { wrapper: appWrapper() });
  await createWebhook("https://127.0.0.1/");
  await screen.findByText(/This address cannot be called/);
});

it("shows responses as text and sends a delivery again", async () => {
  const resend = vi.spyOn(webhooks, "resend").mockResolvedValue({ ...delivery, status: "pending" });
  render(<Webhooks />, { wrapper: appWrapper() });
  fireEvent.click(await screen.findByTestId("webhook-manage"));
  const row = await screen.findByTestId("webhook-delivery");
  expect(row.textContent).toContain("<b>broken</b>");
  expect(row.querySelector("b")).toBeNull();
  fireEvent.click(within(row).getByTestId("webhook-resend"));
  await waitFor(() => expect(resend).toHaveBeenCalledWith("w1", "d1"));
});

it("names the reason why a webhook was disabled and enables it again", async () => {
  vi.mocked(webhooks.list).mockResolvedValue({ data: [{ ...webhook, enabled: false, disabledReason: "gone" }] });
  const change = vi.spyOn(webhooks, "change").mockResolvedValue(webhook);
  render(<Webhooks />, { wrapper: appWrapper() });
  expect((await screen.findByTestId("webhook-state")).textContent).toBe("Disabled");
  fireEvent.click(screen.getByTestId("webhook-manage"));
  await screen.findByText("Disabled because the receiver answered 410 Gone.");
  expect(screen.queryByTestId("webhook-test")).toBeNull();
  fireEvent.click(screen.getByTestId("webhook-enabled"));
  await waitFor(() => expect(change).toHaveBeenCalledWith("w1", { enabled: true }));
});

it("deletes a webhook after a confirmation", async () => {
  const remove = vi.spyOn(webhooks, "remove").mockResolvedValue(undefined);
  render(<Webhooks />, { wrapper: appWrapper() });
  fireEvent.click(await screen.findByTestId("webhook-manage"));
  fireEvent.click(screen.getByTestId("webhook-delete"));
  expect(remove).not.toHaveBeenCalled();
  fireEvent.click(screen.getByTestId("webhook-delete"), { detail: 1 });
  await waitFor(() => expect(remove).toHaveBeenCalledWith("w1"));
  await waitFor(() => expect(screen.queryByTestId("webhook-delete")).toBeNull());
});
