// Addresses for the browser's own requests: media, downloads and the websocket.
import { apiOrigin } from "./origin";
import type { paths } from "./schema";

/** Fills in the parameters of a path of the API. */
function apiUrl(path: keyof paths, ...values: string[]): string {
  const rest = [...values];
  return apiOrigin + path.replace(/\{[^}]*\}/g, () => encodeURIComponent(rest.shift() ?? ""));
}

export const exportUrl = apiUrl("/api/auth/export");
export const usageCsvUrl = `${apiUrl("/api/usage")}?format=csv`;
export const costsCsvUrl = `${apiUrl("/api/admin/costs")}?format=csv`;
export const contentUrl = (videoId: string): string => apiUrl("/api/videos/{video}/content", videoId);
export const downloadUrl = (videoId: string): string => `${contentUrl(videoId)}?download=1`;
export const posterUrl = (videoId: string): string => apiUrl("/api/videos/{video}/poster", videoId);
export const imageUrl = (imageId: string): string => apiUrl("/api/images/{image}/content", imageId);
export const sharedPosterUrl = (token: string): string => apiUrl("/api/shares/{token}/poster", token);
export const sharedContentUrl = (token: string): string => apiUrl("/api/shares/{token}/content", token);

/** What OpenAI's SDKs call `base_url`. */
export const openaiBaseUrl = (): string => new URL("/v1", apiOrigin || window.location.origin).href;

export function socketUrl(): URL {
  const url = new URL(apiUrl("/api/ws"), window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
