"""Bitget's refusals: its codes, worded the way it words them."""

from __future__ import annotations

REASONS = {
    "429": "Too Many Requests",
    "25204": "Order does not exist",
    "40004": "Request timestamp expired",
    "40006": "Invalid ACCESS_KEY",
    "40008": "Request timestamp expired",
    "40009": "sign signature error",
    "40010": "Request timed out",
    "40012": "apikey/password is incorrect",
    "40014": "Incorrect permissions",
    "40015": "System is abnormal, please try again later",
    "40017": "Parameter verification failed",
    "40018": "Invalid IP",
    "40019": "Parameter {what} cannot be empty",
    "40034": "Parameter {what} does not exist",
    "40037": "Apikey does not exist",
    "40084": "You are in Classic Account mode, and the Unified Account API is not supported",
    "40085": "You are in Unified Account mode, and the Classic Account API is not supported",
    "40109": "The data of the order cannot be found, please confirm the order number",
    "40200": "Server upgrade, please try again later",
    "40308": "The contract is being temporarily maintained",
    "40404": "Request URL NOT FOUND",
    "40725": "service return an error",
    "40762": "The order amount exceeds the balance",
    "40768": "Order does not exist",
    "40774": "The order type for unilateral position must also be the unilateral position type.",
    "40786": "Duplicate clientOid",
    "40797": "Exceeded the maximum settable leverage",
    "40808": "Parameter verification exception {what}",
    "40917": "Stop price for long positions please < mark price {what}",
    "40920": "Position or order exists, the position mode cannot be adjusted",
    "43001": "The order does not exist",
    "43012": "Insufficient balance",
    "43025": "Plan order does not exist",
    "45110": "less than the minimum amount {what}",
    "45117": "Currently holding positions or orders, the margin mode cannot be adjusted",
    "45122": "Short position stop loss price please > mark price {what}",
    "22001": "No order to cancel",
    "22002": "No position to close",
}
_STATUS = {"429": 429, "40010": 504, "40015": 500, "40404": 404}


class BitgetError(Exception):
    """A call that was not done. `status`: of HTTP; 400 unless the code has its own."""

    def __init__(self, code: str, what: str = "", status: int | None = None) -> None:
        self.code = code
        self.message = REASONS.get(code, "refused").format(what=what).strip()
        self.status = status or _STATUS.get(code, 400)
        super().__init__(f"{code} {self.message}")
