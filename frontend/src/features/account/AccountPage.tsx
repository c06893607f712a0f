// The account page.
import { useTranslation } from "react-i18next";
import { Page } from "@/components/ui/Page";
import type { User } from "@/lib/api/types";
import { ApiKeys } from "./ApiKeys";
import { ChangePassword } from "./ChangePassword";
import { DeleteAccount } from "./DeleteAccount";
import { Notifications } from "./Notifications";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";
import { Spending } from "./Spending";
import { StorageUsage } from "./StorageUsage";
import { Usage } from "./Usage";
import { Webhooks } from "./Webhooks";

export function AccountPage({ user }: { user: User }) {
  const { t } = useTranslation();
  return (
    <Page title={t("account.title")}>
      <Profile user={user} />
      <Notifications />
      <Usage />
      <Spending />
      <StorageUsage />
      <ApiKeys />
      <Webhooks />
      <ChangePassword user={user} />
      <Sessions />
      <DeleteAccount />
    </Page>
  );
}
