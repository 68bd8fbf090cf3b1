"""Rows and totals that the built-in model reads: nothing of a row remains in its description, and sums prove it."""

from __future__ import annotations

from tests.contract.test_tills import asked, report_unmatched

FIBRE = """Fibre Libre SAS
Facture du 04 février 2025
Numéro de facture : 1029384756
Référence client : fo84412

Période du 04/02/2025 au 03/03/2025

                                   HT        TVA       TTC
Abonnement fibre                33,33 €    6,66 €    39,99 €
Option TV                        0,83 €    0,17 €     1,00 €

Total facture HT                34,16 €
Montant TVA (20,00%)             6,83 €
Total à payer                   40,99 €
Prélevé le 10 février 2025"""
JOINER = """Nordins Snickeri AB
Org.nr 556677-8899
Fakturanummer 4417
Fakturadatum 2025-04-22
Förfallodatum 2025-05-22

Köksluckor  6 st à 1 250,00    7 500,00
Montering   8 tim à 480,00     3 840,00

Netto                 11 340,00
Moms 25%               2 835,00
Att betala            14 175,00 SEK"""
LANTERNS = """Quillmoor Lanterns Ltd
14 Tanner Row, Eastwick EW3 4AB
VAT Reg No GB 123 4567 82

Invoice No: QL-2207
Invoice date: 3 June 2025
Due date: 3 July 2025
PO number: HI-553

Bill to: Harbour Inn, Eastwick

Description             Qty   Unit price    Amount
Storm lantern, brass     12        45.00    540.00
Wick set                  4         5.60     22.40

Subtotal                                    562.40
VAT 20%                                     112.48
Total due                               GBP 674.88"""
GERMAN_BANK = """Volksbank Ahrfeld eG                    Kontoauszug 4/2025
Kontoinhaber: Gerda Lohse
IBAN DE02 1203 0000 0000 2020 51
Kontostand am 31.03.2025                              1.250,00 EUR

Datum        Buchungstext                               Betrag EUR
02.04.2025   Miete April                                  -780,00
07.04.2025   Gehalt Fa. Kröger                           2.410,55
15.04.2025   Stadtwerke Abschlag                           -96,00
28.04.2025   Kartenzahlung Buchladen                       -24,90

Kontostand am 30.04.2025                              2.759,65 EUR"""
ENGLISH_BANK = """KESTREL BANK
Statement of account
Account holder: Marrow & Pike Books     Account number: 77-1042
Period: 01 May 2025 to 31 May 2025
Opening balance  3,120.40

Date        Description                        Money out   Money in    Balance
02 May 2025 Rent shop                           1,150.00               1,970.40
09 May 2025 Terminal payment Fennel Bakery         12.40               1,958.00
15 May 2025 From J. Okafor                                   64.90     2,022.90
30 May 2025 Account fee                             7.50               2,015.40

Closing balance  2,015.40"""


async def test_amounts_of_a_row_are_no_part_of_its_words() -> None:
    """Several amounts with their signs stand before the last one."""
    found = await asked(FIBRE, "invoice")
    assert [(x["description"], x["amount"]) for x in found.data["lines"]] == [
        ("Abonnement fibre", 39.99),
        ("Option TV", 1),
    ]


async def test_thousands_parted_by_blanks_are_one_amount() -> None:
    """7 500,00 is no 7 and 500,00; the rows make the printed net amount, so none is missing."""
    found = await asked(JOINER, "invoice")
    first = found.data["lines"][0]
    assert (first["description"], first["quantity"], first["unit_price"], first["amount"]) == (
        "Köksluckor",
        6,
        1250,
        7500,
    )
    assert not report_unmatched(found, "/lines/-")
    assert "/lines" not in found.unsure


async def test_the_amount_due_is_the_total_where_no_other_is_printed() -> None:
    """The subtotal with the tax makes it; both are proved by that."""
    found = await asked(LANTERNS, "invoice")
    amounts = {k: found.data[k] for k in ("net", "tax", "total", "payable")}
    assert amounts == {"net": 562.4, "tax": 112.48, "total": 674.88, "payable": 674.88}
    assert not {"/net", "/tax", "/total", "/payable"} & found.unsure.keys()


async def test_signed_amounts_of_one_column_are_money_in_and_out() -> None:
    """A German statement has one column, whose head names the currency, too."""
    found = (await asked(GERMAN_BANK, "bank_statement")).data["bookings"]
    assert len(found) == 4
    assert [(b["booked"], b["description"], b.get("money_out"), b.get("money_in")) for b in found[:2]] == [
        ("2025-04-02", "Miete April", 780, None),
        ("2025-04-07", "Gehalt Fa. Kröger", None, 2410.55),
    ]


async def test_a_date_before_the_words_is_the_date() -> None:
    """One blank parts them; balances that follow from each other prove the rows."""
    found = await asked(ENGLISH_BANK, "bank_statement")
    assert [(b["booked"], b["description"]) for b in found.data["bookings"]][:2] == [
        ("2025-05-02", "Rent shop"),
        ("2025-05-09", "Terminal payment Fennel Bakery"),
    ]
    assert "/bookings" not in found.unsure
    wrong = await asked(ENGLISH_BANK.replace("1,958.00", "1,985.00"), "bank_statement")
    assert "/bookings" in wrong.unsure


async def test_balances_prove_the_rows_of_one_signed_column() -> None:
    """Money out that is printed with its minus leaves each balance, as it does without."""
    text = """LARCH BANK
Statement of account
Date\tDescription\tAmount\tBalance
2025-02-03\tOpening transfer\t2,500.00\t2,500.00
2025-02-05\tLantern works\t-833.00\t1,667.00
2025-02-11\tHall rent\t-420.00\t1,247.00
2025-02-14\tTicket sales\t1,312.40\t2,559.40
"""
    found = await asked(text, "bank_statement")
    assert [b.get("money_out") for b in found.data["bookings"]] == [None, 833, 420, None]
    assert "/bookings" not in found.unsure
    assert "/bookings" in (await asked(text.replace("1,247.00", "1,274.00"), "bank_statement")).unsure


async def test_the_quote_of_a_negative_amount_has_its_minus() -> None:
    """What is shown as evidence for -50.00 reads -50,00."""
    found = await asked(LANTERNS.replace("Total due", "Amount paid             -50.00\nTotal due"), "invoice")
    assert (found.data["paid"], [e.quote for e in found.evidence if e.path == "/paid"]) == (-50, ["-50.00"])
