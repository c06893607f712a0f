// Desktop notifications. Invariant: never asked for unless someone switched them on, and silent where they are not to be had.

export function showDesktopNotification(title: string, body: string): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(title, { body, icon: "/favicon.svg", tag: "sora-completed" });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Some phones have the class and refuse to construct it.
  }
}
