from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ChargeRequest(_message.Message):
    __slots__ = ("order", "customer", "card", "amount_cents")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_CENTS_FIELD_NUMBER: _ClassVar[int]
    order: str
    customer: str
    card: str
    amount_cents: int
    def __init__(self, order: _Optional[str] = ..., customer: _Optional[str] = ..., card: _Optional[str] = ..., amount_cents: _Optional[int] = ...) -> None: ...

class ChargeReply(_message.Message):
    __slots__ = ("charge", "authorisation", "receipt")
    CHARGE_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    charge: str
    authorisation: str
    receipt: str
    def __init__(self, charge: _Optional[str] = ..., authorisation: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...
