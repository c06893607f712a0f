// The events of webhooks, with their texts.
import type { WebhookEvent } from "@/lib/api/types";

export const eventKeys = {
  "video.completed": "webhooks.completed",
  "video.failed": "webhooks.failed",
  "video.cancelled": "webhooks.cancelled",
} as const satisfies Record<WebhookEvent, string>;

export const webhookEvents = Object.keys(eventKeys) as WebhookEvent[];
