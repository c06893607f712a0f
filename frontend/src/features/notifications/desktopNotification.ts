// Shows desktop notifications. Does nothing without the user's permission, which is requested only in the settings.

export function showDesktopNotification(title: string, body: string): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(title, { body, icon: "/favicon.svg", tag: "sora-completed" });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Some mobile browsers define the class but do not allow constructing it.
  }
}
