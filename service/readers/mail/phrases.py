"""List the words by which mail programs of many languages mark quoted mails, forwards and signatures."""

from __future__ import annotations

import re

LINE_MAX_CHARS = 400  # characters of a line that are searched


def _words(text: str) -> frozenset[str]:
    return frozenset(w.strip() for w in text.strip().split("|"))


FROM = _words(
    "from|von|de|da|van|från|fra|od|от|від|kimden|lähettäjä|feladó|expéditeur|expediteur|remitente|mittente|afzender|"
    "发件人|寄件者|差出人|보낸 사람|מאת"
)
SENT = _words(
    "sent|date|sent on|gesendet|gesendet am|datum|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|fecha|data|"
    "inviato|inviato il|verzonden|skickat|sendt|dato|wysłano|odesláno|дата|отправлено|надіслано|tarih|gönderilen|"
    "lähetetty|elküldve|发送时间|寄件日期|送信日時|日時|보낸 날짜|날짜"
)
TO = _words(
    "to|an|à|a|para|aan|till|til|do|komu|кому|kime|vastaanottaja|címzett|destinataire|destinatario|destinatário|"
    "收件人|宛先|받는 사람"
)
SUBJECT = _words(
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|předmět|тема|konu|aihe|tárgy|re|"
    "主题|主旨|件名|제목"
)
OTHER = _words("cc|bcc|kopie|kopia|copie|copia|importance|reply-to|attachments|organization|抄送|ccn|cco")

SEPARATORS = _words(
    "original message|original-nachricht|ursprüngliche nachricht|originalnachricht|ursprungliche nachricht|"
    "message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|"
    "ursprungligt meddelande|originalmeddelande|original meddelelse|oprindelig meddelelse|opprinnelig melding|"
    "wiadomość oryginalna|oryginalna wiadomość|původní zpráva|исходное сообщение|пересылаемое сообщение|orijinal mesaj|"
    "alkuperäinen viesti|原始邮件|原始郵件|元のメッセージ|forwarded message|forwarded mail|original appointment|"
    "begin forwarded message|weitergeleitete nachricht|anfang der weitergeleiteten nachricht|message transféré|"
    "début du message réexpédié|mensaje reenviado|inicio del mensaje reenviado|messaggio inoltrato|"
    "inizio messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht|mensagem encaminhada|"
    "início da mensagem encaminhada|vidarebefordrat meddelande|videresendt meddelelse|wiadomość przekazana|"
    "转发邮件|reply message|reply separator"
)
SEPARATOR_STARTS = ("forwarded by ", "weitergeleitet von ", "transféré par ", "reenviado por ", "inoltrato da ")

LEADS = re.compile(
    r"(?:on|am|le|el|il|op|em|den|på|dnia|w dniu|dne|ons?|il giorno|vào|в|мы|\d{1,4}[./年-]\d|at|mon|tue|wed|thu|fri|"
    r"sat|sun|от|tarihinde)\b",
    re.IGNORECASE,
)
WROTE = re.compile(
    r"(?:wrote|writes|said|schrieb(?: [^:]{1,120})?|a écrit|escribió|ha scritto|scrisse|schreef(?: [^:]{1,120})?|"
    r"escreveu|skrev(?: [^:]{1,120})?|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|пишет|писал(?:\(а\)|а)?|"
    r"написал(?:\(а\)|а)?|yazdı|kirjoitti|ezt írta|写道|寫道|のメール|さんは書きました|님이 작성)[ \u00a0]?[:：]$",
    re.IGNORECASE,
)

SIGN_OFF = re.compile(
    r"(?:(?:best|kind|kindest|warm|warmest|with (?:best|kind))? ?(?:regards|wishes)|best|cheers|sincerely(?: yours)?|"
    r"yours (?:sincerely|truly|faithfully)|respectfully|many thanks|thanks(?: again| and regards)?|thank you|"
    r"(?:mit )?(?:freundlichen?|besten?|vielen?|herzlichen?|schönen?|liebe) (?:grüßen?|grüssen?|dank)|mfg|lg|vg|"
    r"(?:bien )?cordialement|bien à vous|salutations(?: distinguées)?|(?:un )?(?:cordial )?saludos?(?: cordiales)?|"
    r"atentamente|atenciosamente|att|abraços|(?:cordiali|distinti) saluti|cordialmente|met vriendelijke groet(?:en)?|"
    r"groet(?:en|jes)?|mvh|(?:med )?vänliga hälsningar|med venlig hilsen|med vennlig hilsen|pozdrawiam|с уважением)"
    r"[ ,.!;:]*$",
    re.IGNORECASE,
)
SENT_FROM = re.compile(
    r"(?:sent|posted) (?:from|via|on) (?:my|a|the|an|mail|outlook|yahoo|samsung|windows)\b|get outlook for |"
    r"(?:von meinem|gesendet mit|von) .{1,40}gesendet|gesendet (?:von|mit) |envoyé (?:de|depuis) |"
    r"enviado (?:desde|do|de) (?:mi|meu|o) |inviato da(?:l mio)? |verzonden (?:vanaf|met|van) |skickat från |"
    r"sendt fra |wysłane z |отправлено с |iphoneから送信",
    re.IGNORECASE,
)
LIST_FOOTER = re.compile(r"mailing list|listinfo|unsubscribe|to post to|abmelden|désabonner", re.IGNORECASE)
