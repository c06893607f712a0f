// Where the API is: at the page's own origin, or at VITE_API_URL when the page was built for another one. That must be of the same site,
// such as https://api.example.com for https://app.example.com, so that the browser sends the session's cookie.

/** Empty when the API is at the page's own origin. */
export const apiOrigin: string = import.meta.env.VITE_API_URL ?? "";
