"""Sending, editing and deleting, through PTB's own Bot."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.constants import KeyboardButtonStyle
from telegram.error import BadRequest, Forbidden, NetworkError

from bot.sandbox import actions
from bot.sandbox.files import MAX_DOCUMENT, UploadedFile
from bot.sandbox.world import ChatWorld
from domain.clock import ManualClock
from tests.sandbox.people import entries, jpeg, newest, one_button, png, speaks


async def test_a_message_arrives_with_its_formatting_and_buttons(
    world: ChatWorld, bot: Bot, clock: ManualClock
) -> None:
    alice = speaks(world, "alice")
    keyboard = one_button("Close 0.5 BTC", "c:1", style=KeyboardButtonStyle.DANGER)
    sent = await bot.send_message(alice, "<b>Hi</b>", parse_mode="HTML", reply_markup=keyboard)
    assert (sent.text, sent.chat.type, sent.date) == ("Hi", "private", clock.now())
    shown = newest(world, "alice")
    assert (shown["from"], shown["text"], shown["message_id"]) == ("bot", "Hi", sent.message_id)
    assert shown["buttons"] == [
        [{"text": "Close 0.5 BTC", "callback_data": "c:1", "style": "danger"}]
    ]
    assert shown["entities"] == [{"type": "bold", "offset": 0, "length": 2}]


async def test_an_edit_is_a_new_entry_of_the_same_message(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "one", reply_markup=one_button())
    await bot.edit_message_text("two", alice, sent.message_id)
    first, second = entries(world, "alice")[-2:]
    assert first["message_id"] == second["message_id"]
    assert first["seq"] < second["seq"]
    assert (second["text"], second["edited"], second["buttons"]) == ("two", True, [])


async def test_a_new_keyboard_alone_leaves_no_edited_mark(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "one")
    await bot.edit_message_reply_markup(alice, sent.message_id, reply_markup=one_button())
    assert newest(world, "alice")["edited"] is False
    assert newest(world, "alice")["buttons"]


async def test_an_edit_that_changes_nothing_is_refused(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "same", reply_markup=one_button())
    with pytest.raises(BadRequest, match=r"[Mm]essage is not modified"):
        await bot.edit_message_text("same", alice, sent.message_id, reply_markup=one_button())


async def test_what_is_not_there_cannot_be_edited_or_deleted(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_text("x", alice, 999)
    with pytest.raises(BadRequest, match="to delete not found"):
        await bot.delete_message(alice, 999)


async def test_a_users_message_and_one_with_a_reply_keyboard_cannot_be_edited(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    theirs = newest(world, "alice")["message_id"]
    with_keyboard = await bot.send_message(
        alice, "x", reply_markup=ReplyKeyboardMarkup([["/status"]])
    )
    for message_id in (theirs, with_keyboard.message_id):
        with pytest.raises(BadRequest, match="can't be edited"):
            await bot.edit_message_text("y", alice, message_id)
    assert newest(world, "alice")["keyboard"]["keyboard"] == [[{"text": "/status"}]]


async def test_deleting_leaves_a_tombstone_and_nothing_of_the_content(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice", "my secret")
    message_id = newest(world, "alice")["message_id"]
    assert await bot.delete_message(alice, message_id)
    (stone,) = entries(world, "alice")
    assert (stone["message_id"], stone["deleted"], stone["text"]) == (message_id, True, "")


async def test_several_are_deleted_at_once_and_missing_ones_passed_over(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    ids = [(await bot.send_message(alice, text)).message_id for text in ("a", "b")]
    assert await bot.delete_messages(alice, [*ids, 999])
    assert [e["message_id"] for e in entries(world, "alice") if e["deleted"]] == ids


async def test_after_two_days_a_message_cannot_be_deleted(
    world: ChatWorld, bot: Bot, clock: ManualClock
) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "old")
    clock.advance(49 * 3600)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(alice, sent.message_id)


async def test_in_a_group_the_bot_deletes_its_own_messages_only(world: ChatWorld, bot: Bot) -> None:
    group = world.people.change_group("desk", {"members": ["alice"]})
    actions.say(world, "alice", "/status", chat="desk")
    theirs = world.history.entries(group.id, 0)[-1]["message_id"]
    ours = await bot.send_message(group.id, "not here")
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(group.id, theirs)
    assert await bot.delete_message(group.id, ours.message_id)


async def test_strangers_and_those_who_blocked_get_nothing(world: ChatWorld, bot: Bot) -> None:
    world.people.user("never-spoke")
    for chat_id in (world.people.user("never-spoke").id, 4242, "@nobody"):
        with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
            await bot.send_message(chat_id, "x")
    alice = speaks(world, "alice")
    actions.set_blocked(world, "alice", True)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(alice, "x")
    actions.set_blocked(world, "alice", False)
    assert await bot.send_message(alice, "x")


async def test_a_photo_has_the_size_of_its_header_and_can_be_fetched(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_photo(alice, png(30, 20), caption="<i>chart</i>", parse_mode="HTML")
    assert (sent.photo[-1].width, sent.photo[-1].height) == (30, 20)
    shown = newest(world, "alice")
    assert (shown["caption"], shown["photo"]) == ("chart", {"width": 30, "height": 20})
    assert shown["photo_url"] == f"/sandbox/files/{sent.photo[-1].file_id}"
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == png(30, 20)
    again = await bot.send_photo(alice, sent.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


async def test_a_jpeg_is_measured_too(world: ChatWorld, bot: Bot) -> None:
    sent = await bot.send_photo(speaks(world, "alice"), jpeg(640, 480))
    assert (sent.photo[-1].width, sent.photo[-1].height) == (640, 480)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no picture", "[Ii]mage_process_failed"),
        (b"\x89PNG\r\n\x1a\n", "[Ii]mage_process_failed"),
        (b"\xff\xd8\xff\xff\xd9", "[Ii]mage_process_failed"),
        (png(6000, 4001), "[Pp]hoto_invalid_dimensions"),
        (png(100, 1), "[Pp]hoto_invalid_dimensions"),
        (b"", "non-empty"),
    ],
)
async def test_a_picture_that_telegram_would_not_take_is_refused(
    world: ChatWorld, bot: Bot, content: bytes, reason: str
) -> None:
    alice = speaks(world, "alice")
    with pytest.raises(BadRequest, match=reason):
        await bot.send_photo(alice, content)
    assert newest(world, "alice")["from"] == "user"


async def test_a_document_keeps_its_name_and_a_huge_one_is_refused(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_document(alice, b"a,b\n", filename="trades.csv", caption="yours")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("trades.csv", "text/csv")
    assert newest(world, "alice")["document"]["size"] == 4
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(alice, bytes(MAX_DOCUMENT + 1), filename="big.bin")


async def test_a_file_of_more_than_20_mb_cannot_be_downloaded_by_a_bot(
    world: ChatWorld, bot: Bot
) -> None:
    actions.send_document(world, "alice", UploadedFile("big.txt", bytes(21 * 1024 * 1024)))
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    with pytest.raises(BadRequest, match=r"[Ff]ile is too big"):
        await bot.get_file(update.message.document.file_id)


async def test_a_live_picture_is_replaced_in_place(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_photo(alice, png(10, 10), reply_markup=one_button())
    media = InputMediaPhoto(png(20, 10), caption="<b>new</b>", parse_mode="HTML")
    await bot.edit_message_media(media, alice, sent.message_id, reply_markup=one_button())
    shown = newest(world, "alice")
    assert (shown["photo"]["width"], shown["caption"], shown["edited"]) == (20, "new", True)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_media(media, alice, sent.message_id, reply_markup=one_button())
    await bot.edit_message_caption(alice, sent.message_id, caption="newer")
    assert newest(world, "alice")["caption"] == "newer"
    with pytest.raises(BadRequest, match="no text in the message"):
        await bot.edit_message_text("x", alice, sent.message_id)


async def test_a_text_can_become_a_document(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "working")
    with pytest.raises(BadRequest, match="no caption in the message"):
        await bot.edit_message_caption(alice, sent.message_id, caption="x")
    document = InputMediaDocument(b"a,b", filename="trades.csv")
    await bot.edit_message_media(document, alice, sent.message_id)
    assert (newest(world, "alice")["text"], newest(world, "alice")["document"]["name"]) == (
        "", "trades.csv",
    )  # fmt: skip


async def test_deleting_a_message_takes_its_files_along(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_photo(alice, png())
    await bot.delete_message(alice, sent.message_id)
    with pytest.raises(BadRequest, match=r"[Ww]rong file_id"):
        await bot.get_file(sent.photo[-1].file_id)


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        (InlineKeyboardButton("x", callback_data="x" * 65), "[Bb]utton_data_invalid"),
        (InlineKeyboardButton("x", callback_data="가" * 22), "[Bb]utton_data_invalid"),
        (InlineKeyboardButton("x", url="no url"), "[Ww]rong http url"),
        (InlineKeyboardButton("x", callback_data="x", style="pink"), "style"),
        (InlineKeyboardButton("x"), "[Tt]ext buttons are unallowed"),
        (InlineKeyboardButton(" ", callback_data="x"), "must not be empty"),
    ],
)
async def test_buttons_that_telegram_refuses_are_refused(
    world: ChatWorld, bot: Bot, button: InlineKeyboardButton, reason: str
) -> None:
    alice = speaks(world, "alice")
    with pytest.raises(BadRequest, match=reason):
        await bot.send_message(alice, "x", reply_markup=InlineKeyboardMarkup([[button]]))


async def test_64_bytes_of_callback_data_are_fine(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    await bot.send_message(alice, "x", reply_markup=one_button("x", "x" * 64))
    assert newest(world, "alice")["buttons"][0][0]["callback_data"] == "x" * 64


async def test_replies_point_to_a_message_that_is_there(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice", "/status")
    asked = newest(world, "alice")["message_id"]
    sent = await bot.send_message(alice, "x", reply_parameters=ReplyParameters(asked))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/status"
    with pytest.raises(BadRequest, match="replied not found"):
        await bot.send_message(alice, "x", reply_parameters=ReplyParameters(999))
    lenient = ReplyParameters(999, allow_sending_without_reply=True)
    assert await bot.send_message(alice, "x", reply_parameters=lenient)


async def test_a_reaction_shows_on_the_users_message(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    message_id = newest(world, "alice")["message_id"]
    await bot.set_message_reaction(alice, message_id, [ReactionTypeEmoji("👍")])
    assert newest(world, "alice")["reactions"] == ["👍"]


async def test_an_empty_message_and_one_too_long_are_refused(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    with pytest.raises(BadRequest, match="text is empty"):
        await bot.send_message(alice, "  ")
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(alice, "x" * 4097)
