"""Verifies webhooks with the Python packages.

Reads a JSON array of {package, secret, headers, body}; prints an array of {type, id}, or {error} where the signature is wrong.
"""

import json
import sys

from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks import Webhook, WebhookVerificationError


def verify(package, secret, headers, body):
    try:
        if package == "standardwebhooks":
            event = Webhook(secret).verify(body, headers)
            return {"type": event["type"], "id": event["data"]["id"]}
        event = OpenAI(api_key="unused", webhook_secret=secret).webhooks.unwrap(body, headers)
        return {"type": event.type, "id": event.data.id}
    except (InvalidWebhookSignatureError, WebhookVerificationError) as error:
        return {"error": type(error).__name__}


print(json.dumps([verify(**case) for case in json.load(sys.stdin)]))
