// The account page. Invariant: a section is shown only when the server supports its calls.
import { useTranslation } from "react-i18next";
import { Page } from "@/components/ui/Page";
import { useCapabilities } from "@/lib/api/capabilities";
import type { User } from "@/lib/api/types";
import { ApiKeys } from "./ApiKeys";
import { ChangePassword } from "./ChangePassword";
import { DeleteAccount } from "./DeleteAccount";
import { Notifications } from "./Notifications";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";
import { StorageUsage } from "./StorageUsage";
import { Usage } from "./Usage";

export function AccountPage({ user }: { user: User }) {
  const { t } = useTranslation();
  const { keys, sessions, password, exportAccount, deleteAccount } = useCapabilities();
  return (
    <Page title={t("account.title")}>
      <Profile user={user} />
      <Notifications />
      <Usage />
      <StorageUsage />
      {keys && <ApiKeys />}
      {password && <ChangePassword user={user} />}
      {sessions && <Sessions />}
      {(exportAccount || deleteAccount) && <DeleteAccount />}
    </Page>
  );
}
