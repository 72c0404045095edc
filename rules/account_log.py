"""The owner's own log, “Ai đã xem”: who opened or changed something of an account, when and what for (SECURITY §11)."""

from datetime import datetime

from models import Account, AccountEvent, Staff

# What stands in the owner's log, by the event's name; {subject} is what it was done to.
LABELS = {
    "account opened": "Mở xem tài khoản",
    "dossier opened": "Mở xem hồ sơ {subject}",
    "paper opened": "Mở xem giấy tờ: {subject}",
    "news listed": "Xem hồ sơ {subject} cần gì, để báo cho bạn",
    "account made": "Tài khoản được lập",
    "account opened at desk": "Xã mở tài khoản cho bạn",
    "account activated": "Tài khoản được kích hoạt",
    "entered at counter": "Nhập tên bạn để nhận hồ sơ tại quầy",
    "help agreed": "Bắt đầu làm giúp bạn: {subject}",
    "help saved": "Đã ghi trang {subject}",
    "help submitted": "Đã nộp giúp bạn hồ sơ {subject}",
    "help ended": "Thôi làm giúp, chưa nộp",
    "help taken back": "Thu hồi việc làm giúp",
    "help draft kept": "Lấy về làm tiếp chữ người giúp đã nhập",
    "slip voided": "Bỏ mọi mã trên phiếu",
    "slip printed": "In phiếu mã mới, phiếu cũ hết dùng",
    "paper seen": "Xã xem giấy tờ thật, tài khoản đạt mức IAL2",
    "number added": "Thêm số căn cước {subject}",
    "reset asked": "Xin đặt lại mật khẩu tại xã",
    "reset granted": "Xác nhận cho đặt lại mật khẩu tại xã",
    "reset refused": "Không đồng ý đặt lại mật khẩu tại xã",
    "password reset": "Mật khẩu được đặt lại bằng {subject}",
    "password changed": "Mật khẩu được đổi",
    "details changed": "Đổi {subject}",
    "slip asked": "Xin in phiếu mã mới",
    "slip refused": "Không đồng ý in phiếu mã mới",
    "merge asked": "Xin gộp tài khoản",
    "merge refused": "Không đồng ý gộp tài khoản",
    "merged": "Gộp hai tài khoản thành một",
    "undo asked": "Xin tách tài khoản đã gộp",
    "undo refused": "Không đồng ý tách tài khoản đã gộp",
    "merge undone": "Tách lại hai tài khoản đã gộp",
    "login ended": "Cho thoát ra: {subject}",
    "logins ended": "Thoát khỏi mọi máy",
    "consent given": "Đồng ý: {subject}",
    "consent withdrawn": "Rút đồng ý: {subject}",
    "data taken": "Tải tất cả dữ liệu",
    "deletion asked": "Xin xoá tài khoản",
    "deletion cancelled": "Thôi không xoá tài khoản",
    "account deleted": "Tài khoản đã xoá, còn hồ sơ đã nộp",
    "business added": "Thêm doanh nghiệp {subject}",
    "business taken": "Mã số thuế {subject} đã có người đại diện khác. Nhờ người đó mời bạn, hoặc mang giấy đăng ký đến xã",
    "business opened": "Mở xem doanh nghiệp {subject}",
    "business paper seen": "Xã xem giấy đăng ký của {subject}",
    "invited": "Được mời đại diện cho {subject}",
    "representative changed": "Đổi người đại diện: {subject}",
}


def record(
    account: Account | int,
    name: str,
    now: datetime,
    by: Account | Staff | None = None,
    second: str = "",
    subject: str = "",
    purpose: str = "",
) -> AccountEvent:
    """Write one line of an account's log, in the transaction of what it tells. `by` None: the program itself.

    `name` is one of LABELS; `second` is the other person's name where two of the commune had to act.
    """
    if name not in LABELS:
        raise ValueError(f"not an event of an account: {name}")
    is_staff = isinstance(by, Staff)
    return AccountEvent.create(
        account=account,
        name=name,
        actor_kind="staff" if is_staff else "citizen" if by else "system",
        actor_name=by.full_name if by else "",
        second_name=second,
        staff=by if is_staff else None,
        subject=subject[:300],
        purpose=purpose[:300],
        at=now,
    )


def label_of(event: AccountEvent) -> str:
    return LABELS[event.name].replace("{subject}", event.subject)


def lines_of(account: Account):
    """The account's log, with that of accounts merged into it, the newest first; the caller pages it."""
    person = Account.select(Account.id).where((Account.id == account.id) | (Account.merged_into == account.id))
    return AccountEvent.select().where(AccountEvent.account.in_(person)).order_by(AccountEvent.id.desc())
